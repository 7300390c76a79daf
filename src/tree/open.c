/* Opening a file for writing: everything that can be known before the value is checked, so that
 * it is open's error, which every program reports (contract §3.6). */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/container.h"
#include "base/process.h"
#include "github/key.h"
#include "github/url.h"
#include "nodes/empty.h"
#include "nodes/node.h"
#include "nodes/presence.h"
#include "nodes/staging.h"
#include "nodes/tree.h"
#include "sync/listing.h"
#include "sync/notice.h"
#include "sync/remove.h"
#include "sync/upload.h"
#include "tree/operations.h"
#include "tree/value_file.h"

/*
 * An open or a create on its way, or a store, which is a create, a write and a close in one.
 * The task is on a file that is there, or on a directory, in which task->name may be a new
 * file.
 */
struct opening {
    struct cleanup cleanup; /* of the task */
    struct task *task;
    struct node *secrets;   /* the directory of secrets that the file is in */
    int flags;              /* O_* */
    bool as_mkstemp;        /* of a create: with flags and mode as mkstemp(3) gives them */
    struct open_file **ret; /* NULL: a store, of: */
    struct payload payload; /* payload.staged is referenced */

    struct wait listing, key; /* the preflight: both are asked for together */
    struct wait removal;      /* of the secret that had the name */
    struct node *taken;  /* the node whose held DELETE is off, since its name is created anew;
                          * referenced; or NULL */
    struct node *writer; /* the node that a store is counted in, as a writer; or NULL */
};

static void opening_undo(struct cleanup *cleanup)
{
    struct opening *opening = CONTAINER_OF(cleanup, struct opening, cleanup);
    struct tree *tree = opening->task->tree;
    struct opening held = *opening;

    wait_leave(&opening->listing);
    wait_leave(&opening->key);
    wait_leave(&opening->removal);
    free(opening);
    if (held.taken) {
        held_give_back(held.taken); /* the name was not created anew after all, perhaps */
        node_unref(&tree->nodes, held.taken);
    }
    if (held.writer)
        empty_writer_left(tree, held.writer); /* the task still references the node */
    if (held.payload.staged)
        node_unref(&tree->nodes, held.payload.staged);
}

static bool is_store(const struct opening *opening)
{
    return !opening->ret;
}

static bool wants_reading(int flags)
{
    return (flags & O_ACCMODE) != O_WRONLY;
}

/* Is the task on a directory, and not on a file that is there? */
static bool is_create(const struct opening *opening)
{
    return opening->task->node == opening->secrets;
}

static void open_node(struct opening *opening, struct node *node)
{
    value_file_open(opening->task, node, opening->flags, opening->ret);
}

static void refuse_reading(struct task *task, const char *noun)
{
    task->quiet = true; /* searches try every file */
    task_fail_with(task, -EACCES, "a %s's value cannot be read", noun);
}

/* The secret of a name that may be new; referenced. */
static int create_node(struct task *task, struct node **ret)
{
    struct node *dir = task->node;
    struct nodes *nodes = &task->tree->nodes;
    struct node *node = directory_find(dir, task->name);

    if (node && node->presence == NODE_HELD) { /* its DELETE is off: see take_held() */
        *ret = presence_replace(nodes, node);
        return *ret ? 0 : -ENOMEM;
    }
    if (node && !node_is_from_api(node)) /* a staging file has the name */
        return -EEXIST;
    if (node) {
        *ret = node_ref(node);
        return 0;
    }
    name_to_upper(task->name);
    node = node_new(nodes, dir->kind->child, dir, task->name);
    if (!node)
        return -ENOMEM;
    presence_pending(node);
    int err = directory_add(dir, node);
    if (err) {
        node_unref(nodes, node);
        return err;
    }
    *ret = node;
    return 0;
}

/* The task is on the secret itself from here on, so that its turns are kept. */
static void store_on(struct opening *opening, struct node *node)
{
    task_move_to(opening->task, node);
    node->writers++;
    opening->writer = node;
    node->kind->type->store(opening->task, &opening->payload);
}

static void create_secret(struct opening *opening)
{
    struct nodes *nodes = &opening->task->tree->nodes;
    struct node *node;

    int err = create_node(opening->task, &node);
    if (err) {
        task_fail_errno(opening->task, err, strerror(-err));
        return;
    }
    if (is_store(opening))
        store_on(opening, node);
    else
        open_node(opening, node);
    node_unref(nodes, node);
}

static bool is_full(const struct node *dir)
{
    unsigned limit = dir->kind->store->limit;
    return limit && dir->dir->entries >= limit;
}

static void fail_full(struct task *task, const struct store *store)
{
    task_fail_with(task, -EDQUOT, "GitHub allows %u %s here", store->limit, store->nouns);
}

static void create_or_open_secret(struct opening *opening)
{
    struct task *task = opening->task;
    const struct node *dir = opening->secrets;
    const char *noun = dir->kind->store->noun;
    bool exists = directory_find_here(dir, task->name);

    if (exists && (opening->flags & O_EXCL)) {
        task_fail_with(task, -EEXIST, "the %s exists", noun);
    } else if (exists && !is_store(opening) && wants_reading(opening->flags)) {
        refuse_reading(task, noun);
    } else if (exists && (opening->flags & O_APPEND)) {
        task_fail_errno(task, -EPERM, "cannot append: the old value cannot be read");
    } else if (!exists && is_full(dir)) {
        fail_full(task, dir->kind->store);
    } else {
        create_secret(opening);
    }
}

/* A file that is here alone. */
static void open_local(struct opening *opening, struct node *node)
{
    struct staged *staged = node_staged(node);

    if (opening->flags & O_EXCL) {
        task_fail_errno(opening->task, -EEXIST, "the file exists");
        return;
    }
    if (staged && (opening->flags & O_TRUNC))
        value_clear(&staged->value);
    open_node(opening, node);
}

static void create_staging(struct opening *opening)
{
    struct task *task = opening->task;
    struct node *node = NULL;
    int err = directory_find(opening->secrets, task->name)
                  ? -EEXIST /* a secret that is called so */
                  : staging_create(task->tree, opening->secrets, task->name, &node);
    if (err)
        task_fail_errno(task, err,
            err == -ENOSPC ? "too many staging files are left here" : strerror(-err));
    else
        open_node(opening, node);
}

static void create_bulk(struct opening *opening)
{
    struct task *task = opening->task;
    struct node *dir = opening->secrets;
    struct node *node = directory_find(dir, task->name);

    if (!node) /* it stays while the kernel, or somebody who has it open, knows it */
        node = node_make_child(&task->tree->nodes, dir->kind->bulk, dir, NAME_BULK);
    if (!node) {
        task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
    } else if (node->kind != dir->kind->bulk) {
        task_fail_with(
            task, -EEXIST, "the server has a %s of that name", dir->kind->store->noun);
    } else if (is_store(opening)) {
        task_move_to(task, node);
        node->kind->type->store(task, &opening->payload);
    } else {
        open_node(opening, node);
    }
}

/* Is the new file named after a file of a secret's that is there? */
static bool is_beside_secret(const struct opening *opening)
{
    const char *name = opening->task->name;
    char stem[NAME_SIZE];

    (void)!text_copy(stem, sizeof stem, name);
    for (size_t len = name_stem_length(name); len > 0; len--) {
        stem[len] = '\0';
        const struct node *node = directory_find(opening->secrets, stem);
        if (node && node_is_from_api(node) && node->presence != NODE_HELD)
            return true;
    }
    return false;
}

/* Will a program rename the new file, by its name and by how it is made? */
static bool is_staging(const struct opening *opening)
{
    const char *name = opening->task->name;

    if (is_store(opening))
        return false;
    return name_is_staging(name, opening->flags & O_EXCL) ||
           (opening->as_mkstemp && name_is_temporary(name));
}

/* Everything that can be known is known. */
static void create_ready(struct opening *opening)
{
    const char *name = opening->task->name;
    struct node *node = directory_find(opening->secrets, name);

    if (node && !node_is_from_api(node) && !is_store(opening))
        open_local(opening, node);
    else if (name_is_bulk(name))
        create_bulk(opening);
    else if (is_staging(opening) || (opening->as_mkstemp && is_beside_secret(opening)))
        create_staging(opening);
    else
        create_or_open_secret(opening);
}

static void open_ready(struct opening *opening)
{
    struct task *task = opening->task;
    struct node *node = task->node;
    const struct node *dir = opening->secrets;
    bool is_new = node->presence == NODE_PENDING;

    if (node->presence == NODE_GONE) /* meanwhile; the kernel looks for another of the name */
        task_fail_errno(task, -ESTALE, "the file is gone");
    else if (is_new && is_full(dir))
        fail_full(task, dir->kind->store);
    else
        open_node(opening, node);
}

static void preflight_done(struct opening *opening)
{
    if (opening->listing.in || opening->key.in)
        return; /* the other one is under way */
    if (is_create(opening))
        create_ready(opening);
    else
        open_ready(opening);
}

static void preflight_fail(struct opening *opening, const struct failure *why)
{
    struct task *task = opening->task;
    struct node *secret =
        is_create(opening) ? directory_find_here(opening->secrets, task->name) : task->node;
    if (secret)
        presence_failed_write(secret, process_group_of(task->tid), why->err);
    task_fail(task, why);
}

static void have_listing(struct wait *wait)
{
    struct opening *opening = CONTAINER_OF(wait, struct opening, listing);
    if (wait->failure.err)
        preflight_fail(opening, &wait->failure);
    else
        preflight_done(opening);
}

static void have_key(struct wait *wait)
{
    struct opening *opening = CONTAINER_OF(wait, struct opening, key);
    if (wait->failure.err)
        preflight_fail(opening, &wait->failure);
    else
        preflight_done(opening);
}

/* Was a write in this scope refused a moment ago, with this token? Then so will the next. */
static bool was_refused(const struct task *task, const struct directory *dir)
{
    return dir && loop_now_ms() < dir->refused_until_ms &&
           dir->refused_generation == github_token_generation(task->tree->github);
}

static int want_key(struct opening *opening)
{
    struct buffer scope;
    int err = node_api_path_below(opening->secrets, NULL, 0, &scope);
    if (err)
        failure_set(&opening->key.failure, err, "%s", strerror(-err));
    else
        err = key_want(opening->task->tree->github, scope.data, &opening->key);
    buffer_release(&scope);
    return err;
}

/* The key, and for a name that may be new the listing, together. */
static void preflight(struct opening *opening, bool need_listing)
{
    struct task *task = opening->task;
    struct node *secrets = opening->secrets;

    if (was_refused(task, secrets->dir)) {
        const struct failure why = secrets->dir->refusal;
        preflight_fail(opening, &why);
        return;
    }
    int key = secrets->kind->store->needs_key ? want_key(opening) : 0;
    if (key != 0 && key != -EINPROGRESS) {
        preflight_fail(opening, &opening->key.failure);
        return;
    }
    int listing = need_listing ? listing_want(task->tree, secrets, &opening->listing) : 0;
    if (listing != 0 && listing != -EINPROGRESS)
        preflight_fail(opening, &opening->listing.failure);
    else
        preflight_done(opening);
}

static void take_held(struct opening *opening);

/* The DELETE of the name has ended, and the secret is gone or came back; or what was sent for
 * the secret before has been answered. */
static void held_has_settled(struct wait *wait)
{
    take_held(CONTAINER_OF(wait, struct opening, removal));
}

/* A name whose DELETE is held: the DELETE is off from now on, also when the preflight fails. */
static void take_held(struct opening *opening)
{
    struct task *task = opening->task;
    struct node *node = directory_find(opening->secrets, task->name);

    if (!node || node->presence != NODE_HELD) {
        preflight(opening, true);
        return;
    }
    node_ref(node); /* the hold had a reference too */
    if (held_take(node, &opening->removal) == -EINPROGRESS) {
        node_unref(&task->tree->nodes, node);
        return;
    }
    opening->taken = node;
    preflight(opening, true);
}

/* The task owns the opening from here on. NULL without memory, when the task has ended. */
static struct opening *opening_new(
    struct task *task, struct node *secrets, int flags, struct open_file **ret)
{
    struct opening *opening = calloc(1, sizeof *opening);

    if (!opening) {
        task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
        return NULL;
    }
    *opening = (struct opening){
        .cleanup = {.undo = opening_undo},
        .task = task,
        .secrets = secrets,
        .flags = flags,
        .ret = ret,
        .listing = {.done = have_listing, .deadline_ms = task->deadline_ms},
        .key = {.done = have_key, .deadline_ms = task->deadline_ms},
        .removal = {.done = held_has_settled, .deadline_ms = task->deadline_ms},
    };
    cleanup_push(&task->cleanups, &opening->cleanup);
    return opening;
}

/* The errno says little, so the rule is told as well. */
static void refuse_name(struct task *task, const char *rule)
{
    struct failure why;
    failure_set(&why, -EINVAL, "%s", rule);
    if (task->tree->options.tell_writers) {
        int fd = notice_open(task->tid, task->uid);
        notice_send(fd, task->name, &why);
        if (fd >= 0)
            close(fd);
    }
    task_fail(task, &why);
}

/* Another pid namespace: it cannot be told when such a writer is done (contract §3.6). */
static bool is_nameless(struct task *task)
{
    if (task->tid > 0)
        return false;
    task_fail_errno(task, -EACCES, "the writer is in another pid namespace");
    return true;
}

/* Opens a file that is there. */
static void open_known(struct task *task, int flags, struct open_file **ret)
{
    struct node *node = task->node;
    struct opening *opening = opening_new(task, node->parent, flags, ret);

    if (!opening)
        return;
    if (node_staged(node))
        open_local(opening, node);
    else
        preflight(opening, node_is_unstored(node));
}

void tree_open(struct task *task, int flags, struct open_file **ret)
{
    const struct node *node = task->node;

    if (node->presence == NODE_GONE)
        task_fail_errno(task, -ESTALE, "the file is gone");
    else if (!node->kind->type->open)
        task_fail_errno(task, -EACCES, strerror(EACCES));
    else
        node->kind->type->open(task, flags, ret);
}

static void open_to_write(struct task *task, int flags, struct open_file **ret)
{
    if ((flags & O_ACCMODE) == O_RDONLY)
        refuse_reading(task, kind_noun(task->node->parent->kind));
    else if (!is_nameless(task))
        open_known(task, flags, ret);
}

/* A secret that is not stored yet can be opened to be read as well, as many programs do that
 * only write. */
void secret_open(struct task *task, int flags, struct open_file **ret)
{
    bool is_stored = task->node->presence == NODE_HERE;

    if (is_stored && wants_reading(flags))
        refuse_reading(task, kind_noun(task->node->parent->kind));
    else if (is_stored && (flags & O_APPEND))
        task_fail_errno(task, -EPERM, "cannot append: the old value cannot be read");
    else
        open_to_write(task, flags, ret);
}

void bulk_open(struct task *task, int flags, struct open_file **ret)
{
    if (wants_reading(flags))
        refuse_reading(task, kind_noun(task->node->parent->kind));
    else
        open_to_write(task, flags, ret);
}

void staging_open(struct task *task, int flags, struct open_file **ret)
{
    open_to_write(task, flags, ret);
}

/* NULL when a file of that name can be made, else why it can't. */
static const char *problem_of_name(const struct opening *opening)
{
    const char *name = opening->task->name;
    const struct node *known = directory_find(opening->secrets, name);
    bool is_local = is_staging(opening) || (!is_store(opening) && known && node_staged(known));
    return is_local || name_is_bulk(name) ? NULL
                                          : opening->secrets->kind->store->name_problem(name);
}

/* Sets task->name. False when no file of that name can be in the directory task->node, and the
 * task has ended. */
static bool take_name(struct task *task, const char *file_name)
{
    const struct node *dir = task->node;

    if (node_is_gone(dir))
        task_fail_errno(task, -ESTALE, "the directory is gone");
    else if (!text_copy(task->name, sizeof task->name, file_name))
        task_fail_errno(task, -ENAMETOOLONG, "a name has at most 255 bytes");
    else if (!dir->kind->store)
        task_fail_errno(task, -EPERM, "files can be made in directories of secrets only");
    else
        return true;
    return false;
}

static void create(struct opening *opening)
{
    const char *problem = problem_of_name(opening);

    if (problem)
        refuse_name(opening->task, problem);
    else if (is_store(opening) || !is_nameless(opening->task))
        take_held(opening);
}

void tree_create(struct task *task, const char *file_name, int flags, bool as_mkstemp,
    struct open_file **ret)
{
    struct opening *opening;

    held_go_on(task->tree, task->tid, task->node, file_name);
    if (!take_name(task, file_name) || !(opening = opening_new(task, task->node, flags, ret)))
        return;
    opening->as_mkstemp = as_mkstemp;
    create(opening);
}

void tree_store(
    struct task *task, const char *file_name, const struct payload *payload, int flags)
{
    struct opening *opening;

    if (!take_name(task, file_name) || !(opening = opening_new(task, task->node, flags, NULL)))
        return;
    opening->payload = *payload;
    if (payload->staged)
        node_ref(payload->staged);
    create(opening);
}
