/* Renaming: only of staging files, onto the name of a secret, which sends them, or onto another
 * temporary name. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "tree/directory.h"
#include "tree/held.h"
#include "tree/operations.h"
#include "tree/staging.h"
#include "tree/tree.h"

/* The directory has had no other name for it: a temporary one, or `.env` before it was used. */
static struct node *beside_of_name(const struct node *dir, const char *name)
{
    struct node *node = directory_find(dir, name);
    return node && node_staged(node) ? node : NULL;
}

static void move(
    struct task *task, struct node *staged, struct node *dir, const char *name, unsigned flags)
{
    struct node *old = beside_of_name(dir, name);
    int err = old && (flags & RENAME_NOREPLACE)
                  ? -EEXIST
                  : staging_move(&task->tree->nodes, staged, dir, name, old);
    if (err)
        task_fail_errno(task, err, strerror(-err));
    else
        task_finish(task);
}

/* What a file of that name would have been, had it been written there. */
static void store(
    struct task *task, struct node *staged, struct node *dir, const char *name, unsigned flags)
{
    struct node *from = task->node;

    task->staged = node_ref(staged);
    task->payload.value = &staged->staged->value;
    task->flags = flags & RENAME_NOREPLACE ? O_EXCL : 0;
    task->node = node_ref(dir);
    node_unref(&task->tree->nodes, from);
    tree_store(task, name);
}

static struct node *find_source(struct task *task, const char *file_name)
{
    if (!name_decode(file_name, task->name))
        return NULL;
    struct node *node = directory_find(task->node, task->name);
    return node && node->presence != NODE_HELD ? node : NULL;
}

void tree_rename(struct task *task, const char *file_name, struct node *new_dir,
    const char *new_name, unsigned flags)
{
    held_go_on(task->tree, task->tid, new_dir, new_name);
    struct node *node = find_source(task, file_name);

    if (!node)
        task_fail_errno(task, -ENOENT, "no such file");
    else if (node->kind->type == NODE_SECRET)
        task_fail_errno(task, -EPERM, "GitHub cannot rename a secret");
    else if (!node_staged(node) || !new_dir->kind->limit)
        task_fail_errno(task, -EPERM, "only a staging file can be renamed, beside secrets");
    else if (flags & ~(unsigned)RENAME_NOREPLACE)
        task_fail_errno(task, -EINVAL, "files cannot be exchanged");
    else if (strlen(new_name) > NAME_MAX)
        task_fail_errno(task, -ENAMETOOLONG, "a name has at most 255 bytes");
    else if (name_is_staging(new_name, false) || beside_of_name(new_dir, new_name))
        move(task, node, new_dir, new_name, flags);
    else
        store(task, node, new_dir, new_name, flags);
}
