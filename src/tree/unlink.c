/* Removes files: secrets from the server, staging files and `.env` from this mount. */
#include <errno.h>

#include "base/process.h"
#include "nodes/presence.h"
#include "nodes/staging.h"
#include "nodes/tree.h"
#include "sync/remove.h"
#include "tree/operations.h"

/* Node's copyFile, curl, vim and others remove a file whose open or close has failed, because
 * the file would be half written, or to make the file anew. Here a failed write leaves the old
 * value whole, so the unlink is refused. */
static bool means_its_own_write(struct task *task, const struct node *node)
{
    struct failure why;
    int err = node->presence == NODE_HERE
                  ? presence_failure_of(node, process_group_of(task->tid))
                  : 0;
    if (!err)
        return false;
    failure_set(&why, err, "kept: the same process failed to replace it a moment ago");
    remove_fail(task, &why);
    return true;
}

/* An unlink by some programs is the first half of a replacement (sync/remove.h). With no
 * descriptor left to look at the calling process, nobody can tell. */
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

void secret_unlink(struct task *task, struct node *node)
{
    if (!can_see_caller(task) || means_its_own_write(task, node))
        return;
    task_move_to(task, node); /* whose turns order PUTs and DELETEs */
    remove_start(task);
}

/* A bulk file is a name and nothing else: no secret is removed. */
void bulk_unlink(struct task *task, struct node *node)
{
    presence_gone(&task->tree->nodes, node);
    task_finish(task);
}

void staging_unlink(struct task *task, struct node *node)
{
    staging_remove(&task->tree->nodes, node);
    task_finish(task);
}

void tree_unlink(struct task *task, const char *file_name)
{
    struct node *dir = task->node;
    struct node *node = NULL;

    held_go_on(task->tree, task->tid, dir, file_name);
    if (name_decode(file_name, task->name))
        node = directory_find(dir, task->name);
    if (!node || node->presence == NODE_HELD)
        task_fail_with(task, -ENOENT, "no such %s", kind_noun(dir->kind));
    else if (!node->kind->type->remove)
        task_fail_errno(task, -EPERM, "only secrets can be removed");
    else
        node->kind->type->remove(task, node);
}
