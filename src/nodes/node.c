#include "nodes/node.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <time.h>
/* Names compare without regard to the case of ASCII letters (contract §2.5); of GitHub's names
 * only those of environments have other letters. base/hash.h is included above for its types;
 * the macros used below on `by_name` hash and compare by these definitions. */
static unsigned fold_hash(const char *name, size_t len)
{
    unsigned hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)tolower((unsigned char)name[i])) * 16777619u;
    return hash;
}

#undef HASH_FUNCTION
#undef HASH_KEYCMP
#define HASH_FUNCTION(key, len, hash) ((hash) = fold_hash((const char *)(key), (len)))
#define HASH_KEYCMP(a, b, len) strncasecmp((a), (b), (len))

#include <utlist.h>

#include "github/url.h"
#include "nodes/name.h"

void nodes_init(struct nodes *nodes)
{
    *nodes = (struct nodes){.mounted_at = (int64_t)time(NULL)};
    /* The base is between 2^56 and 2^62: above the inode numbers of every real file system, and
     * far from wrapping. */
    nodes->next_ino = (UINT64_C(1) << 56) + ((uint64_t)randombytes_random() << 30 |
                                                (randombytes_random() & 0x3fffffff));
}

static void directory_free(const struct nodes *nodes, struct directory *dir)
{
    struct tombstone *stone, *next;
    if (!dir)
        return;
    if (dir->listing)
        nodes->free_listing(dir->listing);
    DL_FOREACH_SAFE(dir->dead, stone, next) free(stone);
    HASH_CLEAR(by_name, dir->children);
    etags_release(&dir->etags);
    free(dir);
}

static void node_free(struct nodes *nodes, struct node *node)
{
    if (node->presence == NODE_GONE)
        DL_DELETE(nodes->gone, node);
    directory_free(nodes, node->dir);
    if (node->kind->type->release)
        node->kind->type->release(node);
    if (node->name != node->own_name)
        free(node->name);
    free(node);
    nodes->count--;
}

/* What a directory holds */

struct directory *directory_of(struct node *node)
{
    if (!node->dir)
        node->dir = calloc(1, sizeof *node->dir);
    return node->dir;
}

struct node *directory_find(const struct node *dir, const char *name)
{
    struct node *child = NULL;
    if (dir->dir)
        HASH_FIND(by_name, dir->dir->children, name, strlen(name), child);
    return child;
}

struct node *directory_find_here(const struct node *dir, const char *name)
{
    struct node *child = directory_find(dir, name);
    return child && node_is_from_api(child) && child->presence == NODE_HERE ? child : NULL;
}

int directory_add(struct node *node, struct node *child)
{
    struct directory *dir = directory_of(node);
    if (!dir)
        return -ENOMEM;
    HASH_ADD_KEYPTR(by_name, dir->children, child->name, strlen(child->name), child);
    return child->by_name.tbl ? 0 : -ENOMEM;
}

void directory_uncount(struct node *child)
{
    struct directory *dir = child->parent->dir;
    if (child->presence != NODE_HERE || !node_is_entry(child) || !dir)
        return;
    assert(dir->entries > 0);
    dir->entries--;
}

void directory_remove(struct node *node, struct node *child)
{
    if (child->presence == NODE_GONE || !child->by_name.tbl)
        return;
    HASH_DELETE(by_name, node->dir->children, child);
    child->by_name.tbl = NULL;
}

struct node *directory_first(const struct node *dir)
{
    return dir->dir ? dir->dir->children : NULL;
}

struct node *directory_next(const struct node *child)
{
    return child->by_name.next;
}

/* Lives and ends */

void nodes_free_tree(struct nodes *nodes, struct node *root)
{
    struct node *child = directory_first(root);

    node_free(nodes, root); /* first: drops the requests under way for its listing */
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
    node->presence = node_is_entry(node) ? NODE_PENDING : NODE_HERE;
    node->mtime = node->btime = nodes->mounted_at;
    nodes->count++;
    return node;
}

struct node *node_make_child(
    struct nodes *nodes, const struct kind *kind, struct node *dir, const char *name)
{
    struct node *child = node_new(nodes, kind, dir, name);
    if (!child)
        return NULL;
    if (directory_add(dir, child) != 0) {
        node_unref(nodes, child);
        return NULL;
    }
    assert(child->references == 1);
    child->references--; /* from node_new(); the directory has the child without a reference */
    return child;
}

struct node *node_fixed_child(struct nodes *nodes, struct node *dir, const char *name)
{
    const struct fixed_child *f = dir->kind->fixed;
    while (f && f->name && strcmp(f->name, name) != 0)
        f++;
    if (!f || !f->name)
        return NULL;
    struct node *child = directory_find(dir, name);
    if (child)
        return child;
    child = node_make_child(nodes, f->kind, dir, name);
    if (child)
        child->listed = true;
    return child;
}

bool node_is_from_api(const struct node *node)
{
    return node->parent && node->kind == node->parent->kind->child;
}

bool node_is_entry(const struct node *node)
{
    return node_is_from_api(node) && node->parent->kind->store;
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

static void node_drop(struct nodes *nodes, struct node *node)
{
    struct node *parent = node->parent;
    if (parent) {
        directory_uncount(node);
        directory_remove(parent, node);
        assert(parent->references > 0);
        parent->references--;
    }
    node_free(nodes, node);
}

static bool directory_is_idle(const struct node *dir)
{
    unsigned children = 0;
    for (struct node *c = directory_first(dir); c; c = directory_next(c)) {
        if (c->lookups > 0 || c->references > 0)
            return false;
        children++;
    }
    return dir->references == children;
}

static void directory_forget_children(struct nodes *nodes, struct node *dir)
{
    struct node *child;
    while ((child = directory_first(dir)))
        node_drop(nodes, child);
    directory_free(nodes, dir->dir);
    dir->dir = NULL;
}

/* Frees the node if nothing needs the node, then its parent if nothing needs the parent, and so
 * on upwards. A listed node stays as long as its directory is in use. */
static void node_settle(struct nodes *nodes, struct node *node)
{
    while (node) {
        struct node *parent = node->parent;
        if (node_is_directory(node) && node->lookups == 0 && directory_is_idle(node)) {
            directory_forget_children(nodes, node);
            if (node->kind->type->idle)
                node->kind->type->idle(nodes, node);
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
    assert(node->references > 0);
    node->references--;
    node_settle(nodes, node);
}

void node_forget(struct nodes *nodes, struct node *node, uint64_t count)
{
    node->lookups -= count < node->lookups ? count : node->lookups;
    node_settle(nodes, node);
}

/* Adds the names from the root down. */
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

int node_api_path_below(
    const struct node *node, const char *const *names, size_t count, struct buffer *ret)
{
    buffer_init(ret, URL_MAX);
    int err = node_api_path(node, ret);
    return err || !count ? err : url_add_path(ret, names, count);
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

    assert(node->busy);
    if (!next) {
        node->busy = false;
        return;
    }
    wait_leave(next);
    next->failure.err = 0;
    next->done(next);
}
