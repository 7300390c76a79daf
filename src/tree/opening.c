#include "tree/opening.h"

#include <errno.h>
#include <fcntl.h>

#include "base/container.h"
#include "base/process.h"
#include "github/key.h"
#include "nodes/empty.h"
#include "nodes/presence.h"
#include "nodes/tree.h"
#include "sync/listing.h"
#include "sync/remove.h"
#include "tree/value_file.h"

static void opening_undo(struct cleanup *cleanup)
{
    struct opening *opening = CONTAINER_OF(cleanup, struct opening, cleanup);
    struct tree *tree = opening->task->tree;
    struct opening held = *opening;

    wait_leave(&opening->listing);
    wait_leave(&opening->key);
    wait_leave(&opening->removal);
    free(opening);
    if (held.removed)
        node_unref(&tree->nodes, held.removed);
    if (held.taken) {
        held_give_back(tree, held.taken); /* does nothing if the name was created anew */
        node_unref(&tree->nodes, held.taken);
    }
    if (held.writer)
        empty_writer_left(tree, held.writer); /* the task still references the node */
    if (held.payload.staged)
        node_unref(&tree->nodes, held.payload.staged);
}

static void preflight_done(struct opening *opening)
{
    if (opening->listing.in || opening->key.in)
        return; /* an answer is still to come */
    opening->ready(opening);
}

static void preflight_fail(struct opening *opening, const struct failure *why)
{
    struct task *task = opening->task;
    struct node *secret = task->node == opening->secrets
                              ? directory_find_here(opening->secrets, task->name)
                              : task->node;
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

/* Was a write in this directory refused a moment ago, with the present token? Then the next
 * write would be refused too. */
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

void opening_preflight(struct opening *opening, bool need_listing)
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

struct opening *opening_new(struct task *task, struct node *secrets, int flags,
    struct open_file **ret, void (*ready)(struct opening *opening))
{
    struct opening *opening = calloc(1, sizeof *opening);

    if (!opening) {
        held_keep(secrets, task->name);
        task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
        return NULL;
    }
    *opening = (struct opening){
        .cleanup = {.undo = opening_undo},
        .task = task,
        .secrets = secrets,
        .flags = flags,
        .ret = ret,
        .ready = ready,
        .listing = {.done = have_listing, .deadline_ms = task->deadline_ms},
        .key = {.done = have_key, .deadline_ms = task->deadline_ms},
    };
    cleanup_push(&task->cleanups, &opening->cleanup);
    return opening;
}

static void removal_has_ended(struct wait *wait)
{
    struct opening *opening = CONTAINER_OF(wait, struct opening, removal);
    struct nodes *nodes = &opening->task->tree->nodes;
    struct node *node = opening->removed;

    opening->removed = NULL;
    node_give_turn(node);
    node_unref(nodes, node);
    opening->ready(opening);
}

bool opening_awaits_removal(struct opening *opening, struct node *node)
{
    opening->removal =
        (struct wait){.done = removal_has_ended, .deadline_ms = opening->task->deadline_ms};
    if (removal_wait(node, &opening->removal) == 0)
        return false;
    opening->removed = node_ref(node);
    return true;
}

void opening_finish(struct opening *opening, struct node *node)
{
    value_file_open(opening->task, node, opening->flags, opening->ret);
}

bool flags_want_reading(int flags)
{
    return (flags & O_ACCMODE) != O_WRONLY;
}

void fail_unreadable(struct task *task, const char *noun)
{
    task->quiet = true; /* a recursive grep opens every file: `errors` would fill */
    task_fail_with(task, -EACCES, "a %s's value cannot be read", noun);
}

bool store_is_full(const struct node *secrets)
{
    unsigned limit = secrets->kind->store->limit;
    return limit && secrets->dir->entries >= limit;
}

void fail_full(struct task *task, const struct node *secrets)
{
    const struct store *store = secrets->kind->store;
    task_fail_with(task, -EDQUOT, "GitHub allows %u %s here", store->limit, store->nouns);
}

bool check_writer(struct task *task)
{
    if (task->tid > 0)
        return true;
    task_fail_errno(task, -EACCES, "the writer is in another pid namespace");
    return false;
}
