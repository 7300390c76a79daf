#include <errno.h>

#include "base/container.h"
#include "tree/directory.h"
#include "tree/listing.h"
#include "tree/operations.h"
#include "tree/tree.h"

bool tree_is_shown(const struct node *child)
{
    return child->presence == NODE_HERE && child->listed;
}

uint64_t tree_trust_ms(const struct tree *tree, const struct node *node)
{
    uint64_t ttl = tree->options.cache_ttl_ms;
    uint64_t now = loop_now_ms();

    if (node->presence != NODE_HERE)
        return 0; /* a secret that may never be stored must not leave a ghost */
    if (node->writers > 0)
        return 0; /* its time is about to change */
    if (node->kind->type != NODE_SECRET)
        return ttl;
    uint64_t until = node->fresh_until_ms;
    const struct directory *dir = node->parent ? node->parent->dir : NULL;
    if (dir && dir->held && node->listed && dir->fresh_until_ms > until)
        until = dir->fresh_until_ms;
    uint64_t left = until > now ? until - now : 0;
    return left < ttl ? left : ttl;
}

static void found(struct task *task, struct node *child)
{
    task->result = child;
    task_finish(task);
}

static void not_there(struct task *task)
{
    task_fail_errno(task, -ENOENT, "no such name");
}

/* The child as it is known now, or NULL when only the API can tell. */
static struct node *known_child(struct task *task)
{
    struct node *dir = task->node;
    struct node *child = directory_find(dir, task->name);

    if (!child)
        return NULL;
    if (child->presence == NODE_PENDING) {
        if (child->writers > 0)
            return child;
        if (child->replaces) {
            directory_come_back(child);
            return child;
        }
        directory_child_gone(&task->tree->nodes, child); /* opened, and never written */
        return NULL;
    }
    if (loop_now_ms() < child->fresh_until_ms || (child->listed && listing_is_fresh(dir)))
        return child;
    return NULL;
}

static void answer_from_listing(struct task *task)
{
    struct node *child = directory_find(task->node, task->name);
    if (child && (child->presence == NODE_HERE || child->presence == NODE_PENDING))
        found(task, child);
    else
        not_there(task);
}

static void lookup_answered(struct wait *wait)
{
    struct task *task = CONTAINER_OF(wait, struct task, wait);
    if (wait->failure.err)
        task_fail(task, &wait->failure);
    else
        answer_from_listing(task);
}

/* Where one request alone would do, but another name is being asked for as well, the whole
 * listing answers both, and all who come after. */
static bool ask_for_listing(const struct node *dir)
{
    if (!dir->kind->complete)
        return false;
    return (dir->dir && dir->dir->held) || listing_is_busy(dir);
}

static void lookup_in_listing(struct task *task)
{
    struct node *dir = task->node;

    struct node *child = directory_find(dir, task->name);
    if (child && child->presence == NODE_HELD) {
        not_there(task);
        return;
    }
    child = known_child(task);
    if (child) {
        found(task, child);
        return;
    }
    if (!dir->kind->plausible(task->name) || (dir->kind->complete && listing_is_fresh(dir))) {
        not_there(task);
        return;
    }
    task->wait.done = lookup_answered;
    int err = ask_for_listing(dir) ? listing_want(task->tree, dir, &task->wait)
                                   : listing_want_one(task->tree, dir, task->name, &task->wait);
    if (err == 0)
        answer_from_listing(task);
    else if (err != -EINPROGRESS)
        task_fail(task, &task->wait.failure);
}

/* A child that is always there, made when it is first wanted; NULL without memory. */
static struct node *fixed_child(
    struct tree *tree, struct node *dir, const struct fixed_child *f)
{
    struct node *child = directory_find(dir, f->name);
    if (child)
        return child;
    child = node_new(&tree->nodes, f->kind, dir, f->name);
    if (!child)
        return NULL;
    if (directory_add(dir, child) != 0) {
        node_unref(&tree->nodes, child);
        return NULL;
    }
    child->listed = true;
    child->references--; /* the directory has it now */
    return child;
}

static bool lookup_fixed(struct task *task)
{
    const struct fixed_child *f = task->node->kind->fixed;

    while (f && f->name && strcmp(f->name, task->name) != 0)
        f++;
    if (!f || !f->name)
        return false;
    struct node *child = fixed_child(task->tree, task->node, f);
    if (child)
        found(task, child);
    else
        task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
    return true;
}

void tree_lookup(struct task *task, const char *file_name)
{
    struct tree *tree = task->tree;

    if (task->node->presence == NODE_GONE) {
        task_fail_errno(task, -ESTALE, "the directory is gone");
    } else if (strlen(file_name) > NAME_MAX) {
        task_fail_errno(task, -ENAMETOOLONG, "a name has at most 255 bytes");
    } else if (task->node == tree->root && strcmp(file_name, tree->reports->name) == 0) {
        found(task, tree->reports);
    } else if (!name_decode(file_name, task->name)) {
        not_there(task);
    } else if (!lookup_fixed(task)) {
        if (task->node->kind->child)
            lookup_in_listing(task);
        else
            not_there(task);
    }
}

static void list_answered(struct wait *wait)
{
    struct task *task = CONTAINER_OF(wait, struct task, wait);
    if (wait->failure.err)
        task_fail(task, &wait->failure);
    else
        task_finish(task);
}

void tree_list(struct task *task)
{
    struct node *dir = task->node;

    if (dir->presence == NODE_GONE) {
        task_fail_errno(task, -ESTALE, "the directory is gone");
        return;
    }
    for (const struct fixed_child *f = dir->kind->fixed; f && f->name; f++) {
        if (!fixed_child(task->tree, dir, f)) {
            task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
            return;
        }
    }
    if (!dir->kind->child) {
        task_finish(task);
        return;
    }
    task->wait.done = list_answered;
    int err = listing_want(task->tree, dir, &task->wait);
    if (err == 0)
        task_finish(task);
    else if (err != -EINPROGRESS)
        task_fail(task, &task->wait.failure);
}
