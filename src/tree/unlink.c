#include <errno.h>

#include "base/container.h"
#include "base/process.h"
#include "github/url.h"
#include "tree/node.h"
#include "tree/presence.h"
#include "tree/held.h"
#include "tree/operations.h"
#include "tree/staging.h"
#include "tree/tree.h"

/* rm -f takes EINVAL, as it takes ENOENT, for the absence of the file, and is silent. */
static void unlink_fail(struct task *task, const struct failure *why)
{
    struct failure told = *why;
    char caller[16];

    process_name(task->tid, caller);
    if (told.err == -EINVAL && strcmp(caller, "rm") == 0)
        told.err = -EPERM;
    task_fail(task, &told);
}

static void unlink_done(void *arg, const struct failure *why)
{
    struct task *task = arg;

    task->call = NULL;
    if (why && why->err != -ENOENT) {
        unlink_fail(task, why);
        return;
    }
    /* Gone either way; but rm is told when it was not this mount that deleted it. */
    if (task->node->presence != NODE_GONE)
        presence_deleted(&task->tree->nodes, task->node);
    if (why)
        task_fail(task, why);
    else
        task_finish(task);
}

static void unlink_send(struct task *task)
{
    struct node *node = task->node;
    struct buffer scope;

    if (node->presence == NODE_GONE) {
        task_fail_errno(task, -ENOENT, "the secret is gone");
        return;
    }
    bool is_new = node->presence == NODE_PENDING && !node->replaces;
    if (is_new && !node->maybe_stored) { /* the server has nothing of it */
        presence_gone(&task->tree->nodes, node);
        task_finish(task);
        return;
    }
    bool maybe_absent = node->presence == NODE_PENDING && node->maybe_stored;
    buffer_init(&scope, URL_MAX);
    int err = node_api_path(node->parent, &scope);
    if (!err)
        err = call_delete_secret(task->tree->github, scope.data, node->name, maybe_absent,
            task->deadline_ms, unlink_done, task, &task->call);
    buffer_release(&scope);
    if (err)
        task_fail_errno(task, err, strerror(-err));
}

static void unlink_have_turn(struct wait *wait)
{
    struct task *task = CONTAINER_OF(wait, struct task, wait);
    task->has_turn = true;
    unlink_send(task);
}

void tree_delete(struct task *task)
{
    task_counts_as_upload(task);
    task->wait.done = unlink_have_turn;
    if (node_take_turn(task->node, &task->wait) == 0) {
        task->has_turn = true;
        unlink_send(task);
    }
}

/* Answers at once, and sends the DELETE when it is clear what it was for. */
static void unlink_held(struct task *task)
{
    int err = held_start(task, task->node);
    if (err)
        task_fail_errno(task, err, strerror(-err));
    else
        task_finish(task);
}

/* Node's copyFile, curl, vim and others remove a file that they could not open or close: it
 * would be half written, or they want to make it anew. But the old value is whole, and a failed
 * write leaves it as it was. */
static bool means_its_own_write(struct task *task, const struct node *node)
{
    struct failure why;
    int err = node->presence == NODE_HERE
                  ? presence_failure_of(node, process_group_of(task->tid))
                  : 0;
    if (!err)
        return false;
    failure_set(&why, err, "kept: the same process failed to replace it a moment ago");
    unlink_fail(task, &why);
    return true;
}

/* What an unlink is for, is told by whose it is: with no descriptor left to look at the
 * process, it may be the first half of a replacement. */
static bool can_see_caller(struct task *task)
{
    struct failure why;
    int err = process_can_look();
    if (!err)
        return true;
    /* Never ENOENT, which rm -f takes for success. */
    failure_set(&why, err == -ENOENT ? -EIO : err,
        "kept: the process that removes it cannot be looked at: %s", strerror(-err));
    task_fail(task, &why);
    return false;
}

void tree_unlink(struct task *task, const char *file_name)
{
    struct node *dir = task->node;
    struct node *node = NULL;

    held_go_on(task->tree, task->tid, dir, file_name);
    if (name_decode(file_name, task->name))
        node = directory_find(dir, task->name);
    if (!node || node->presence == NODE_HELD) {
        task_fail_errno(task, -ENOENT, "no such secret");
        return;
    }
    if (node_staged(node)) {
        staging_remove(&task->tree->nodes, node);
        task_finish(task);
        return;
    }
    if (node->kind->type == NODE_BULK) { /* only its name was ever here */
        presence_gone(&task->tree->nodes, node);
        task_finish(task);
        return;
    }
    if (node->kind->type != NODE_SECRET) {
        task_fail_errno(task, -EPERM, "only secrets can be removed");
        return;
    }
    if (!can_see_caller(task) || means_its_own_write(task, node))
        return;
    task_move_to(task, node); /* so that its turns are kept */
    if (node->presence == NODE_HERE && held_wanted(task))
        unlink_held(task);
    else
        tree_delete(task);
}
