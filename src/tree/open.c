/* Opening a file for writing: everything that can be known before the value is checked, so that
 * it is open's error, which every program reports (contract §3.6). */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/container.h"
#include "base/process.h"
#include "github/key.h"
#include "github/url.h"
#include "nodes/node.h"
#include "nodes/presence.h"
#include "nodes/staging.h"
#include "nodes/tree.h"
#include "sync/listing.h"
#include "sync/notice.h"
#include "sync/remove.h"
#include "sync/upload.h"
#include "tree/operations.h"

static bool wants_reading(const struct task *task)
{
    return (task->flags & O_ACCMODE) != O_WRONLY;
}

/* The directory of secrets that the task is about. */
static struct node *secrets_of(const struct task *task)
{
    return task->node->kind->type == NODE_DIRECTORY ? task->node : task->node->parent;
}

static void refuse_reading(struct task *task)
{
    task->quiet = true; /* searches try every file */
    task_fail_errno(task, -EACCES, "a secret's value cannot be read");
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
        if (node_is_in_doubt(node)) /* the server does not have it: it begins anew */
            node->upload_error = 0;
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
static void store_on(struct task *task, struct node *node)
{
    task_move_to(task, node);
    node->writers++;
    task->is_writer = true;
    upload_start(task);
}

static void create_secret(struct task *task)
{
    struct nodes *nodes = &task->tree->nodes;
    struct node *node;

    int err = create_node(task, &node);
    if (err) {
        task_fail_errno(task, err, strerror(-err));
        return;
    }
    if (task->is_store)
        store_on(task, node);
    else
        handle_open(task, node);
    node_unref(nodes, node);
}

static void fail_full(struct task *task, unsigned limit)
{
    char message[FAILURE_MESSAGE_SIZE];
    snprintf(message, sizeof message, "GitHub allows %u secrets here", limit);
    task_fail_errno(task, -EDQUOT, message);
}

static void create_or_open_secret(struct task *task)
{
    const struct node *dir = task->node;
    bool exists = directory_find_here(dir, task->name);

    if (exists && (task->flags & O_EXCL)) {
        task_fail_errno(task, -EEXIST, "the secret exists");
    } else if (exists && !task->is_store && wants_reading(task)) {
        refuse_reading(task);
    } else if (exists && (task->flags & O_APPEND)) {
        task_fail_errno(task, -EPERM, "cannot append: the old value cannot be read");
    } else if (!exists && dir->dir->secrets >= dir->kind->limit) {
        fail_full(task, dir->kind->limit);
    } else {
        create_secret(task);
    }
}

/* A file that is here alone. */
static void open_local(struct task *task, struct node *node)
{
    if (task->flags & O_EXCL) {
        task_fail_errno(task, -EEXIST, "the file exists");
        return;
    }
    struct staged *staged = node_staged(node);
    if (staged && (task->flags & O_TRUNC))
        value_clear(&staged->value);
    handle_open(task, node);
}

static void create_staging(struct task *task)
{
    struct node *node = NULL;
    int err = directory_find(task->node, task->name)
                  ? -EEXIST /* a secret that is called so */
                  : staging_create(task->tree, task->node, task->name, &node);
    if (err)
        task_fail_errno(task, err,
            err == -ENOSPC ? "too many staging files are left here" : strerror(-err));
    else
        handle_open(task, node);
}

static void create_bulk(struct task *task)
{
    struct node *dir = task->node;
    struct node *node = directory_find(dir, task->name);

    if (!node) /* it stays while the kernel, or somebody who has it open, knows it */
        node = node_make_child(&task->tree->nodes, dir->kind->bulk, dir, NAME_BULK);
    if (!node) {
        task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
    } else if (node->kind != dir->kind->bulk) {
        task_fail_errno(task, -EEXIST, "the server has a secret of that name");
    } else if (task->is_store) {
        task_move_to(task, node);
        node->kind->store(task, task->payload.value);
    } else {
        handle_open(task, node);
    }
}

/* Is it named after a file of a secret's that is there? */
static bool is_beside_secret(const struct task *task)
{
    char stem[NAME_SIZE];

    (void)!text_copy(stem, sizeof stem, task->name);
    for (size_t len = name_stem_length(task->name); len > 0; len--) {
        stem[len] = '\0';
        const struct node *node = directory_find(task->node, stem);
        if (node && node_is_from_api(node) && node->presence != NODE_HELD)
            return true;
    }
    return false;
}

/* Will a program rename it, by its name and by how it is made? */
static bool is_staging(const struct task *task)
{
    if (task->is_store)
        return false;
    return name_is_staging(task->name, task->flags & O_EXCL) ||
           (task->as_mkstemp && name_is_temporary(task->name));
}

/* Everything that can be known is known. */
static void create_ready(struct task *task)
{
    struct node *node = directory_find(task->node, task->name);

    if (node && !node_is_from_api(node) && !task->is_store)
        open_local(task, node);
    else if (name_is_bulk(task->name))
        create_bulk(task);
    else if (is_staging(task) || (task->as_mkstemp && is_beside_secret(task)))
        create_staging(task);
    else
        create_or_open_secret(task);
}

static void open_ready(struct task *task)
{
    struct node *node = task->node;
    const struct node *dir = node->parent;
    bool is_new = node->presence == NODE_PENDING;

    if (node->presence == NODE_GONE) /* meanwhile; the kernel looks for another of the name */
        task_fail_errno(task, -ESTALE, "the file is gone");
    else if (is_new && dir->dir->secrets >= dir->kind->limit)
        fail_full(task, dir->kind->limit);
    else
        handle_open(task, node);
}

static void preflight_done(struct task *task)
{
    if (task->wait.in || task->key_wait.in)
        return; /* the other one is under way */
    if (task->node->kind->type == NODE_DIRECTORY)
        create_ready(task);
    else
        open_ready(task);
}

static void preflight_fail(struct task *task, const struct failure *why)
{
    struct node *secret = task->node->kind->type == NODE_DIRECTORY
                              ? directory_find_here(task->node, task->name)
                              : task->node;
    if (secret)
        presence_failed_write(secret, process_group_of(task->tid), why->err);
    task_fail(task, why);
}

static void have_listing(struct wait *wait)
{
    struct task *task = CONTAINER_OF(wait, struct task, wait);
    if (wait->failure.err)
        preflight_fail(task, &wait->failure);
    else
        preflight_done(task);
}

static void have_key(struct wait *wait)
{
    struct task *task = CONTAINER_OF(wait, struct task, key_wait);
    if (wait->failure.err)
        preflight_fail(task, &wait->failure);
    else
        preflight_done(task);
}

/* Was a write in this scope refused a moment ago, with this token? Then so will the next. */
static bool was_refused(struct task *task, const struct directory *dir)
{
    return dir && loop_now_ms() < dir->refused_until_ms &&
           dir->refused_generation == github_token_generation(task->tree->github);
}

static int want_key(struct task *task, const struct node *secrets)
{
    struct buffer scope;
    buffer_init(&scope, URL_MAX);
    int err = node_api_path(secrets, &scope);
    if (err)
        failure_set(&task->key_wait.failure, err, "%s", strerror(-err));
    else
        err = key_want(task->tree->github, scope.data, &task->key_wait);
    buffer_release(&scope);
    return err;
}

/* The key, and for a name that may be new the listing, together. */
static void preflight(struct task *task, bool need_listing)
{
    struct node *secrets = secrets_of(task);

    if (was_refused(task, secrets->dir)) {
        const struct failure why = secrets->dir->refusal;
        preflight_fail(task, &why);
        return;
    }
    task->wait.done = have_listing;
    task->key_wait.done = have_key;
    int key = want_key(task, secrets);
    if (key != 0 && key != -EINPROGRESS) {
        preflight_fail(task, &task->key_wait.failure);
        return;
    }
    int listing = need_listing ? listing_want(task->tree, secrets, &task->wait) : 0;
    if (listing != 0 && listing != -EINPROGRESS)
        preflight_fail(task, &task->wait.failure);
    else
        preflight_done(task);
}

/* The name was not created anew after all. */
static void give_back(struct cleanup *cleanup)
{
    struct task *task = CONTAINER_OF(cleanup, struct task, taken.cleanup);
    held_give_back(task->taken.node);
    node_unref(&task->tree->nodes, task->taken.node);
}

static void take_held(struct task *task);

/* The DELETE of the name has ended, and it is gone or came back; or what was sent for it
 * before has been answered. */
static void held_has_settled(struct wait *wait)
{
    take_held(CONTAINER_OF(wait, struct task, wait));
}

/* A name whose DELETE is held: that is off from now on, also when the preflight fails. */
static void take_held(struct task *task)
{
    struct node *node = directory_find(task->node, task->name);

    if (!node || node->presence != NODE_HELD) {
        preflight(task, true);
        return;
    }
    node_ref(node); /* the hold had a reference too */
    task->wait.done = held_has_settled;
    if (held_take(node, &task->wait) == -EINPROGRESS) {
        node_unref(&task->tree->nodes, node);
        return;
    }
    task->taken.node = node;
    task->taken.cleanup.undo = give_back;
    cleanup_push(&task->cleanups, &task->taken.cleanup);
    preflight(task, true);
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

void tree_open(struct task *task)
{
    struct node *node = task->node;
    bool is_read_only = (task->flags & O_ACCMODE) == O_RDONLY;

    if (node->presence == NODE_GONE)
        task_fail_errno(task, -ESTALE, "the file is gone");
    else if (is_read_only ||
             (wants_reading(task) && node->presence == NODE_HERE && !node_staged(node)))
        refuse_reading(task);
    else if ((task->flags & O_APPEND) && node->kind->type == NODE_SECRET &&
             node->presence == NODE_HERE)
        task_fail_errno(task, -EPERM, "cannot append: the old value cannot be read");
    else if (is_nameless(task))
        return;
    else if (node_staged(node))
        open_local(task, node);
    else
        preflight(task, node_is_unstored(node));
}

/* NULL when a file of that name can be made here, else why it can't. */
static const char *problem_of_name(const struct task *task)
{
    const struct node *known = directory_find(task->node, task->name);
    bool is_local = is_staging(task) || (!task->is_store && known && node_staged(known));
    return is_local || name_is_bulk(task->name) ? NULL : name_secret_problem(task->name);
}

static void create(struct task *task, const char *file_name)
{
    struct node *dir = task->node;

    if (node_is_gone(dir)) {
        task_fail_errno(task, -ESTALE, "the directory is gone");
        return;
    }
    if (!text_copy(task->name, sizeof task->name, file_name)) {
        task_fail_errno(task, -ENAMETOOLONG, "a name has at most 255 bytes");
        return;
    }
    if (!dir->kind->limit) {
        task_fail_errno(task, -EPERM, "files can be made in directories of secrets only");
        return;
    }
    const char *problem = problem_of_name(task);
    if (problem)
        refuse_name(task, problem);
    else if (task->is_store || !is_nameless(task))
        take_held(task);
}

void tree_create(struct task *task, const char *file_name)
{
    held_go_on(task->tree, task->tid, task->node, file_name);
    create(task, file_name);
}

void tree_store(struct task *task, const char *file_name)
{
    task->is_store = true;
    create(task, file_name);
}
