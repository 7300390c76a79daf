/* Opens a file that exists. A name that may be new is opened in create.c. */
#include <errno.h>
#include <fcntl.h>

#include "nodes/staging.h"
#include "nodes/tree.h"
#include "tree/opening.h"
#include "tree/operations.h"

/* Of a secret whose DELETE is held the kernel may know another spelling still. */
static bool is_removed(const struct node *node)
{
    return node->presence == NODE_GONE || node->presence == NODE_HELD;
}

/* The kernel looks for another file of the name. */
static void fail_removed(struct task *task)
{
    task_fail_errno(task, -ESTALE, "the file is gone");
}

static void open_ready(struct opening *opening)
{
    struct task *task = opening->task;
    struct node *node = task->node;
    const struct node *dir = opening->secrets;
    bool is_new = node->presence == NODE_PENDING;

    if (is_removed(node)) /* meanwhile */
        fail_removed(task);
    else if (opening_awaits_removal(opening, node))
        return;
    else if (is_new && store_is_full(dir))
        fail_full(task, dir);
    else
        opening_finish(opening, node);
}

static void open_known(struct task *task, int flags, struct open_file **ret)
{
    struct node *node = task->node;
    struct opening *opening = opening_new(task, node->parent, flags, ret, open_ready);

    if (!opening)
        return;
    if (node_staged(node) && (flags & O_TRUNC))
        value_clear(&node_staged(node)->value);
    if (node_staged(node))
        opening_finish(opening, node);
    else
        opening_preflight(opening, node_is_unstored(node));
}

void tree_open(struct task *task, int flags, struct open_file **ret)
{
    const struct node *node = task->node;

    if (is_removed(node))
        fail_removed(task);
    else if (!node->kind->type->open)
        task_fail_errno(task, -EACCES, strerror(EACCES));
    else
        node->kind->type->open(task, flags, ret);
}

static void open_to_write(struct task *task, int flags, struct open_file **ret)
{
    if ((flags & O_ACCMODE) == O_RDONLY)
        fail_unreadable(task, kind_noun(task->node->parent->kind));
    else if (check_writer(task))
        open_known(task, flags, ret);
}

void secret_open(struct task *task, int flags, struct open_file **ret)
{
    bool is_stored = task->node->presence == NODE_HERE;

    if (is_stored && flags_want_reading(flags))
        fail_unreadable(task, kind_noun(task->node->parent->kind));
    else if (is_stored && (flags & O_APPEND))
        task_fail_errno(task, -EPERM, "cannot append: the old value cannot be read");
    else
        open_to_write(task, flags, ret);
}

void bulk_open(struct task *task, int flags, struct open_file **ret)
{
    if (flags_want_reading(flags))
        fail_unreadable(task, kind_noun(task->node->parent->kind));
    else
        open_to_write(task, flags, ret);
}

void staging_open(struct task *task, int flags, struct open_file **ret)
{
    open_to_write(task, flags, ret);
}
