#include <errno.h>

#include "base/container.h"
#include "github/key.h"
#include "github/list.h"
#include "github/url.h"
#include "nodes/node.h"
#include "nodes/tree.h"
#include "sync/listing.h"
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
        return 0; /* a secret that may never be stored must not leave a ghost */
    if (node->writers > 0)
        return 0; /* its time is about to change */
    if (node->kind->fleeting)
        return 0;
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

static void answer_from_listing(struct task *task)
{
    struct node *child = directory_find(task->node, task->name);
    if (child && (child->presence == NODE_HERE || node_is_unstored(child)) &&
        !node_is_in_doubt(child))
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

/* The kernel looks a name up before it opens or creates it, so a lookup in a directory of
 * secrets that nothing is known of may be the beginning of a write. What that needs comes in
 * the same round trip; a long listing does not. */
static void expect_write(struct task *task)
{
    const struct kind *kind = task->node->kind;
    struct buffer scope;

    if (!kind->limit)
        return;
    buffer_init(&scope, URL_MAX);
    if (node_api_path(task->node, &scope) == 0)
        key_prefetch(task->tree->github, scope.data, task->deadline_ms);
    buffer_release(&scope);
    if (kind->limit <= LIST_PAGE_ROWS)
        listing_prefetch(task->tree, task->node, task->deadline_ms);
}

static void lookup_in_listing(struct task *task)
{
    struct node *dir = task->node;
    const struct node *known = directory_find(dir, task->name);

    if (!dir->kind->plausible(task->name) && !known) {
        not_there(task);
        return;
    }
    task->wait.done = lookup_answered;
    int err = listing_want_name(task->tree, dir, task->name, &task->wait);
    if (err == 0)
        answer_from_listing(task);
    else if (err != -EINPROGRESS)
        task_fail(task, &task->wait.failure);
    else
        expect_write(task);
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
    struct tree *tree = task->tree;

    if (task->node->presence == NODE_GONE) {
        task_fail_errno(task, -ESTALE, "the directory is gone");
    } else if (strlen(file_name) > NAME_MAX) {
        task_fail_errno(task, -ENAMETOOLONG, "a name has at most 255 bytes");
    } else if (task->node == tree->root && strcmp(file_name, tree->reports->name) == 0) {
        found(task, tree->reports);
    } else if (!name_decode(file_name, task->name)) {
        not_there(task);
    } else if (task->node->kind->lookup) {
        task->node->kind->lookup(task);
    } else if (task->node->kind->child) {
        lookup_in_listing(task);
    } else {
        tree_lookup_fixed(task);
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
        if (!node_fixed_child(&task->tree->nodes, dir, f->name)) {
            task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
            return;
        }
    }
    if (dir->kind->list) {
        dir->kind->list(task);
        return;
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

void tree_mkdir(struct task *task, const char *file_name)
{
    if (!text_copy(task->name, sizeof task->name, file_name))
        task_fail_errno(task, -ENAMETOOLONG, "a name has at most 255 bytes");
    else if (!task->node->kind->mkdir)
        task_fail_errno(task, -EPERM, "directories can be made in 'access' only");
    else
        task->node->kind->mkdir(task);
}

void tree_rmdir(struct task *task, const char *file_name)
{
    bool is_name = name_decode(file_name, task->name);

    if (!task->node->kind->rmdir)
        task_fail_errno(task, -EPERM, "only prepared or held policies can be removed");
    else if (!is_name)
        task_fail_errno(task, -ENOENT, "no such policy");
    else
        task->node->kind->rmdir(task);
}

int tree_link_target(const struct node *node, struct buffer *ret)
{
    char name[NAME_SIZE];

    if (node->kind->type != NODE_LINK)
        return -EINVAL;
    /* repos/OWNER/REPO/actions/organization-secrets/NAME */
    const struct node *store = node->parent->parent;
    const struct node *owner = store->parent->parent;
    if (!name_encode(node->name, name))
        return -ENAMETOOLONG;
    return buffer_printf(
        ret, "../../../../../orgs/%s/%s/secrets/%s", owner->name, store->name, name);
}
