#include "tree/node.h"

#include <errno.h>
#include <sodium.h>
#include <time.h>
#include <utlist.h>

#include "github/url.h"
#include "tree/directory.h"
#include "tree/name.h"

void nodes_init(struct nodes *nodes)
{
    *nodes = (struct nodes){.mounted_at = (int64_t)time(NULL)};
    /* 2^56 to 2^62: above every real file system's numbers, and far from wrapping. */
    nodes->next_ino =
        (UINT64_C(1) << 56) + ((uint64_t)randombytes_random() << 30 | (randombytes_random() & 0x3fffffff));
}

static void node_free(struct nodes *nodes, struct node *node)
{
    if (node->presence == NODE_GONE)
        DL_DELETE(nodes->gone, node);
    directory_free(node->dir);
    if (node->kind->release)
        node->kind->release(node);
    if (node->name != node->own_name)
        free(node->name);
    free(node);
    nodes->count--;
}

void nodes_free_tree(struct nodes *nodes, struct node *root)
{
    struct node *child = directory_first(root);

    node_free(nodes, root); /* and what is being asked for it */
    while (child) {
        struct node *next = directory_next(child);
        nodes_free_tree(nodes, child);
        child = next;
    }
}

void nodes_release(struct nodes *nodes)
{
    while (nodes->gone)
        nodes_free_tree(nodes, nodes->gone);
}

void node_go(struct nodes *nodes, struct node *node)
{
    node->presence = NODE_GONE;
    DL_APPEND(nodes->gone, node);
}

struct node *node_new(
    struct nodes *nodes, const struct kind *kind, struct node *parent, const char *name)
{
    size_t size = strlen(name) + 1;
    struct node *node = calloc(1, sizeof *node + size);
    if (!node)
        return NULL;
    node->name = memcpy(node->own_name, name, size);
    node->ino = nodes->next_ino++;
    node->kind = kind;
    node->parent = parent ? node_ref(parent) : NULL;
    node->references = 1;
    node->mtime = node->btime = nodes->mounted_at;
    nodes->count++;
    return node;
}

bool node_is_from_api(const struct node *node)
{
    return node->parent && node->kind == node->parent->kind->child;
}

bool node_is_gone(const struct node *node)
{
    while (node && node->presence != NODE_GONE)
        node = node->parent;
    return node;
}

struct node *node_ref(struct node *node)
{
    node->references++;
    return node;
}

static bool in_use(const struct node *node)
{
    return node->lookups > 0 || node->references > 0;
}

void node_drop(struct nodes *nodes, struct node *node)
{
    struct node *parent = node->parent;
    if (parent) {
        directory_uncount(node);
        directory_remove(parent, node);
        parent->references--;
    }
    node_free(nodes, node);
}

/* Frees the node if nothing needs it, and then perhaps its parent, and so on upwards. A
 * listed node stays as long as its directory is of use. */
static void node_settle(struct nodes *nodes, struct node *node)
{
    while (node) {
        struct node *parent = node->parent;
        if (node->kind->type == NODE_DIRECTORY && node->lookups == 0 &&
            directory_is_idle(node)) {
            directory_forget_children(nodes, node);
            if (node->kind->idle)
                node->kind->idle(nodes, node);
        }
        if (in_use(node))
            return;
        if (!node->listed || !parent)
            node_drop(nodes, node);
        else if (parent->lookups > 0)
            return;
        node = parent;
    }
}

void node_unref(struct nodes *nodes, struct node *node)
{
    node->references--;
    node_settle(nodes, node);
}

void node_forget(struct nodes *nodes, struct node *node, uint64_t count)
{
    node->lookups -= count < node->lookups ? count : node->lookups;
    node_settle(nodes, node);
}

/* From the root down: parents first. */
static int add_api_parts(const struct node *node, struct buffer *ret)
{
    if (!node->parent)
        return 0;
    int err = add_api_parts(node->parent, ret);
    const char *name = node->name;
    return err ? err : url_add_path(ret, &name, 1);
}

int node_api_path(const struct node *node, struct buffer *ret)
{
    return add_api_parts(node, ret);
}

int node_tree_path(const struct node *node, struct buffer *ret)
{
    char name[NAME_SIZE];
    if (!node->parent)
        return 0;
    int err = node_tree_path(node->parent, ret);
    if (!err && ret->len > 0)
        err = buffer_add_string(ret, "/");
    if (!err)
        err = buffer_add_string(ret, name_encode(node->name, name) ? name : "?");
    return err;
}

int node_take_turn(struct node *node, struct wait *wait)
{
    if (!node->busy) {
        node->busy = true;
        return 0;
    }
    wait_join(&node->turns, wait);
    return -EINPROGRESS;
}

void node_give_turn(struct node *node)
{
    struct wait *next = node->turns.head;
    if (!next) {
        node->busy = false;
        return;
    }
    wait_leave(next);
    next->failure.err = 0;
    next->done(next);
}
