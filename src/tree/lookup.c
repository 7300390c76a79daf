/* Looks names up, lists directories, makes and removes directories, and reads links, each by
 * the type of the directory or link. */
#include <errno.h>

#include "github/key.h"
#include "github/list.h"
#include "github/url.h"
#include "nodes/node.h"
#include "nodes/tree.h"
#include "sync/listing.h"
#include "sync/remove.h"
#include "tree/operations.h"

bool tree_is_shown(const struct node *child)
{
    return child->presence == NODE_HERE && child->listed &&
           (!child->kind->present || child->kind->present(child->parent));
}

uint64_t tree_trust_ms(const struct tree *tree, const struct node *node)
{
    uint64_t ttl = tree->options.cache_ttl_ms;
    uint64_t now = loop_now_ms();

    if (node->presence != NODE_HERE)
        return 0; /* an entry that may never be stored must not stay in the kernel's cache */
    if (node->writers > 0)
        return 0; /* the upload will change the times */
    if (node->kind->type->is_fleeting)
        return 0;
    if (!node_is_entry(node))
        return ttl;
    uint64_t until = node->fresh_until_ms;
    const struct directory *dir = node->parent ? node->parent->dir : NULL;
    if (dir && dir->has_listing && node->listed && dir->fresh_until_ms > until)
        until = dir->fresh_until_ms;
    uint64_t left = until > now ? until - now : 0;
    return left < ttl ? left : ttl;
}

/* Finding a name */

static void found(struct task *task, struct node *child)
{
    task->result = child;
    task_finish(task);
}

static void not_there(struct task *task)
{
    task_fail_errno(task, -ENOENT, "no such name");
}

static void answer_from_listing(struct task *task)
{
    struct node *child = directory_find(task->node, task->name);
    if (child && (child->presence == NODE_HERE || node_is_unstored(child)) &&
        !node_is_in_doubt(child))
        found(task, child);
    else
        not_there(task);
}

/* The kernel looks a name up before an open or a create, so a lookup in a directory of
 * secrets that nothing is known of may be the beginning of a write. The key, and a listing of
 * one page, are asked for in the round trip of the lookup; a longer listing would cost too
 * much. */
static void expect_write(struct task *task)
{
    const struct store *store = task->node->kind->store;
    struct buffer scope;

    if (!store)
        return;
    if (store->needs_key) {
        if (node_api_path_below(task->node, NULL, 0, &scope) == 0)
            key_prefetch(task->tree->github, scope.data, task->deadline_ms);
        buffer_release(&scope);
    }
    if (store->limit && store->limit <= rows_per_page(store->row))
        listing_prefetch(task->tree, task->node, task->deadline_ms);
}

void listed_lookup(struct task *task)
{
    struct node *dir = task->node;
    const struct node *known = directory_find(dir, task->name);

    if (!kind_may_have(dir->kind, task->name) && !known) {
        not_there(task);
        return;
    }
    int err = listing_want_name(task->tree, dir, task->name, &task->wait);
    if (err == -EINPROGRESS)
        expect_write(task);
    task_then(task, answer_from_listing, err);
}

void tree_lookup_fixed(struct task *task)
{
    const struct fixed_child *f = task->node->kind->fixed;

    while (f && f->name && strcmp(f->name, task->name) != 0)
        f++;
    if (!f || !f->name) {
        not_there(task);
        return;
    }
    struct node *child = node_fixed_child(&task->tree->nodes, task->node, f->name);
    if (!child)
        task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
    else if (tree_is_shown(child))
        found(task, child);
    else
        not_there(task);
}

void tree_lookup(struct task *task, const char *file_name)
{
    const struct tree *tree = task->tree;
    const struct file_type *type = task->node->kind->type;

    if (task->node->presence == NODE_GONE) {
        task_fail_errno(task, -ESTALE, "the directory is gone");
    } else if (strlen(file_name) > NAME_MAX) {
        task_fail_errno(task, -ENAMETOOLONG, "a name has at most 255 bytes");
    } else if (task->node == tree->root && strcmp(file_name, tree->reports->name) == 0) {
        found(task, tree->reports);
    } else if (!name_decode(file_name, task->name)) {
        not_there(task);
    } else if (!type->lookup) {
        not_there(task);
    } else {
        type->lookup(task);
    }
}

/* Listing */

void listed_list(struct task *task)
{
    task_then(task, task_finish, listing_want(task->tree, task->node, &task->wait));
}

void tree_list(struct task *task)
{
    struct node *dir = task->node;

    if (dir->presence == NODE_GONE) {
        task_fail_errno(task, -ESTALE, "the directory is gone");
        return;
    }
    for (const struct fixed_child *f = dir->kind->fixed; f && f->name; f++) {
        if (!node_fixed_child(&task->tree->nodes, dir, f->name)) {
            task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
            return;
        }
    }
    if (dir->kind->type->list)
        dir->kind->type->list(task);
    else
        task_finish(task);
}

/* Making and removing directories */

void tree_mkdir(struct task *task, const char *file_name)
{
    held_go_on(task->tree, task->tid, task->node, file_name);
    held_keep(task->node, file_name); /* no directory takes a secret's place */
    if (!text_copy(task->name, sizeof task->name, file_name))
        task_fail_errno(task, -ENAMETOOLONG, "a name has at most 255 bytes");
    else if (!task->node->kind->type->make)
        task_fail_errno(task, -EPERM, "directories can be made in 'access' only");
    else
        task->node->kind->type->make(task);
}

void tree_rmdir(struct task *task, const char *file_name)
{
    bool is_name = name_decode(file_name, task->name);

    if (!task->node->kind->type->remove_directory)
        task_fail_errno(task, -EPERM, "only prepared or held policies can be removed");
    else if (!is_name)
        task_fail_errno(task, -ENOENT, "no such policy");
    else
        task->node->kind->type->remove_directory(task);
}

/* Links */

int tree_link_target(const struct node *node, struct buffer *ret)
{
    return node->kind->type->target ? node->kind->type->target(node, ret) : -EINVAL;
}

int secret_link_target(const struct node *node, struct buffer *ret)
{
    char name[NAME_SIZE];

    /* repos/OWNER/REPO/actions/organization-secrets/NAME */
    const struct node *store = node->parent->parent;
    const struct node *owner = store->parent->parent;
    if (!name_encode(node->name, name))
        return -ENAMETOOLONG;
    return buffer_printf(
        ret, "../../../../../orgs/%s/%s/secrets/%s", owner->name, store->name, name);
}
