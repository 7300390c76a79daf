/* Renames files. Only a staging file can be renamed: onto another temporary name, or onto the
 * name of a secret, which uploads the text. */
#include <errno.h>
#include <fcntl.h>

#include "base/libc.h"
#include "nodes/node.h"
#include "nodes/staging.h"
#include "nodes/tree.h"
#include "sync/remove.h"
#include "tree/operations.h"

static void move(
    struct task *task, struct node *staged, struct node *dir, const char *name, unsigned flags)
{
    struct node *old = directory_find(dir, name);
    bool can_be_replaced = !old || (node_staged(old) && !(flags & RENAME_NOREPLACE));
    int err =
        can_be_replaced ? staging_move(&task->tree->nodes, staged, dir, name, old) : -EEXIST;
    if (err)
        task_fail_errno(task, err, strerror(-err));
    else
        task_finish(task);
}

/* Stores the text of the staging file as the file `name` of `dir`. */
static void store(
    struct task *task, struct node *staged, struct node *dir, const char *name, unsigned flags)
{
    const struct payload payload = {.value = &node_staged(staged)->value, .staged = staged};

    node_ref(staged); /* the task may have the last reference to the old directory */
    task_move_to(task, dir);
    struct nodes *nodes = &task->tree->nodes;
    tree_store(task, name, &payload, flags & RENAME_NOREPLACE ? O_EXCL : 0);
    node_unref(nodes, staged);
}

static struct node *find_source(struct task *task, const char *file_name)
{
    if (!name_decode(file_name, task->name))
        return NULL;
    struct node *node = directory_find(task->node, task->name);
    return node && node->presence != NODE_HELD ? node : NULL;
}

/* Also of a new name whose DELETE is held: a secret that nothing replaces is kept. */
static void refuse(struct task *task, const struct node *new_dir, const char *new_name, int err,
    const char *message)
{
    held_keep(new_dir, new_name);
    task_fail_errno(task, err, message);
}

#define NOT_STAGED "only a staging file can be renamed, beside secrets"

void secret_rename(struct task *task, struct node *node, struct node *new_dir,
    const char *new_name, unsigned flags)
{
    const struct store *store = node->parent->kind->store;
    char message[FAILURE_MESSAGE_SIZE];

    if (store->rename) {
        store->rename(task, node, new_dir, new_name, flags);
        return;
    }
    snprintf(message, sizeof message, "GitHub cannot rename a %s", store->noun);
    refuse(task, new_dir, new_name, -EPERM, message);
}

void staging_rename(struct task *task, struct node *node, struct node *new_dir,
    const char *new_name, unsigned flags)
{
    const struct node *target = directory_find(new_dir, new_name);

    if (!new_dir->kind->store)
        refuse(task, new_dir, new_name, -EPERM, NOT_STAGED);
    else if (flags & ~(unsigned)RENAME_NOREPLACE)
        refuse(task, new_dir, new_name, -EINVAL, "files cannot be exchanged");
    else if (strlen(new_name) > NAME_MAX)
        task_fail_errno(task, -ENAMETOOLONG, "a name has at most 255 bytes");
    else if (name_is_staging(new_name, false) || (target && node_staged(target)))
        move(task, node, new_dir, new_name, flags);
    else
        store(task, node, new_dir, new_name, flags);
}

void tree_rename(struct task *task, const char *file_name, struct node *new_dir,
    const char *new_name, unsigned flags)
{
    held_go_on(task->tree, task->tid, new_dir, new_name);
    struct node *node = find_source(task, file_name);

    if (node_is_gone(new_dir))
        task_fail_errno(task, -ESTALE, "the directory is gone");
    else if (!node)
        refuse(task, new_dir, new_name, -ENOENT, "no such file");
    else if (!node->kind->type->rename)
        refuse(task, new_dir, new_name, -EPERM, NOT_STAGED);
    else
        node->kind->type->rename(task, node, new_dir, new_name, flags);
}
