#include "nodes/staging.h"

#include <assert.h>
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "base/container.h"
#include "base/notice.h"
#include "nodes/node.h"
#include "nodes/presence.h"
#include "nodes/tree.h"

/* Contract §3.29: a tool that was going to rename its file has done so by then. */
#define LEFT_BEHIND_MS (10u * 60 * 1000)
/* The same, where a secret may have been meant. */
#define TAKEN_MS 2000

static void close_notice(struct staged *staged)
{
    if (staged->notice_fd >= 0)
        close(staged->notice_fd);
    staged->notice_fd = -1;
}

static void tell(struct staged *staged, const char *message)
{
    struct failure why;
    failure_set(&why, -ECANCELED, "%s", message);
    failures_add_at(&staged->tree->failures, "stage", staged->node, "", &why);
    notice_send(staged->notice_fd, staged->node->name, &why);
    close_notice(staged);
    staged->value.dirty = false; /* nothing of it is untold */
}

/* Could the file have been meant as a secret? */
static bool is_secrets_name(const struct node *node)
{
    return !node->parent->kind->store->name_problem(node->name);
}

static void left_behind(struct loop_timer *timer)
{
    struct staged *staged = CONTAINER_OF(timer, struct staged, timer);
    tell(
        staged, is_secrets_name(staged->node)
                    ? "taken for a temporary file: rename it onto the name that it is for, or "
                      "write it without O_EXCL"
                    : "left behind, and never sent: rename it onto the name that it is for, or "
                      "remove it");
}

static void set_timer(struct staged *staged)
{
    const struct node *node = staged->node;
    bool is_soon = staged->value.dirty && node->writers == 0 && is_secrets_name(node);

    loop_set_timer(staged->tree->loop, &staged->timer,
        loop_now_ms() + (is_soon ? TAKEN_MS : LEFT_BEHIND_MS));
}

static struct staged *staged_new(struct tree *tree, struct node *node)
{
    struct staged *staged = calloc(1, sizeof *staged);
    if (!staged)
        return NULL;
    if (value_init(&staged->value, VALUE_MAX_STAGING) != 0) {
        free(staged);
        return NULL;
    }
    staged->value.sparse = true;
    staged->tree = tree;
    staged->node = node;
    staged->notice_fd = -1;
    staged->timer.fire = left_behind;
    set_timer(staged);
    return staged;
}

void staging_release(struct node *node)
{
    struct staged *staged = node->staged;
    if (!staged)
        return;
    loop_clear_timer(staged->tree->loop, &staged->timer);
    close_notice(staged);
    value_release(&staged->value);
    free(staged);
}

int staging_create(struct tree *tree, struct node *dir, const char *name, struct node **ret)
{
    if (dir->dir->staging_files >= STAGING_FILES_MAX)
        return -ENOSPC;
    struct node *node = node_new(&tree->nodes, dir->kind->staging, dir, name);
    if (!node)
        return -ENOMEM;
    node->staged = staged_new(tree, node);
    int err = node->staged ? directory_add(dir, node) : -ENOMEM;
    if (err) {
        node_unref(&tree->nodes, node);
        return err;
    }
    node->mtime = node->btime = (int64_t)time(NULL);
    node->listed = true;
    dir->dir->staging_files++;
    *ret = node; /* the reference of node_new() is kept until staging_remove() */
    return 0;
}

static void wipe_removed(struct node *node)
{
    if (node->presence == NODE_GONE && node->writers == 0)
        value_clear(&node->staged->value);
}

void staging_writer_left(struct node *node, int *notice_fd, bool ends)
{
    struct staged *staged = node->staged;

    wipe_removed(node);
    if (!staged->value.dirty || node->presence == NODE_GONE || !(ends || is_secrets_name(node)))
        return;
    close_notice(staged);
    staged->notice_fd = *notice_fd;
    *notice_fd = -1;
    set_timer(staged);
}

void staging_remove(struct nodes *nodes, struct node *node)
{
    loop_clear_timer(node->staged->tree->loop, &node->staged->timer);
    close_notice(node->staged);
    assert(node->parent->dir->staging_files > 0);
    node->parent->dir->staging_files--;
    presence_gone(nodes, node);
    wipe_removed(node);
    node_unref(nodes, node);
}

void staging_orphan(struct nodes *nodes, struct node *node)
{
    tell(node->staged, "removed, and never sent: its directory is gone");
    staging_remove(nodes, node);
}

void staging_lost(struct tree *tree, struct node *node)
{
    (void)tree;
    if (node->staged->value.bytes.len > 0)
        tell(node->staged, "wiped, and never sent: the mount ended before it was renamed");
}

void staging_publish(struct nodes *nodes, struct node *node)
{
    if (node->presence == NODE_GONE)
        return; /* somebody removed the file while its bytes were sent */
    node->staged->published = true;
    value_clear(&node->staged->value);
    staging_remove(nodes, node);
}

/* Moves the file to `dir` as `name`, which is taken over. 0; -ENOMEM: the file is where it was,
 * or removed. */
static int enter(struct nodes *nodes, struct node *node, struct node *dir, char *name)
{
    char *old_name = node->name;

    directory_remove(node->parent, node);
    node->name = name;
    if (directory_add(dir, node) == 0) {
        if (old_name != node->own_name)
            free(old_name);
        return 0;
    }
    node->name = old_name;
    free(name);
    if (directory_add(node->parent, node) != 0) {
        tell(node->staged, "removed, and never sent: there is no memory for its name");
        staging_remove(nodes, node);
    }
    return -ENOMEM;
}

int staging_move(struct nodes *nodes, struct node *node, struct node *dir, const char *name,
    struct node *old)
{
    struct node *from = node->parent;

    if (old == node)
        return 0;
    if (!directory_of(dir))
        return -ENOMEM;
    if (!old && dir != from && dir->dir->staging_files >= STAGING_FILES_MAX)
        return -ENOSPC;
    char *copy = strdup(name);
    int err = copy ? enter(nodes, node, dir, copy) : -ENOMEM;
    if (err)
        return err;
    if (old)
        staging_remove(nodes, old);
    assert(from->dir->staging_files > 0);
    from->dir->staging_files--;
    node->parent = node_ref(dir);
    dir->dir->staging_files++;
    node_unref(nodes, from);
    if (!is_secrets_name(node)) /* nobody means a secret by it any more */
        close_notice(node->staged);
    set_timer(node->staged);
    return 0;
}
