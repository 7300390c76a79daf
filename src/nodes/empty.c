#include "nodes/empty.h"

#include <assert.h>
#include <time.h>
#include <utlist.h>

#include "base/container.h"
#include "nodes/node.h"
#include "nodes/presence.h"
#include "nodes/tree.h"

/* Contract §3.13. */
#define EMPTY_MS 60000
/* Names made empty in one directory, if the limit of its store is unknown. */
#define EMPTIES_MAX 1000

struct empty {
    struct tree *tree;
    struct node *node; /* referenced; node->empty is this */
    uint64_t until_ms;
    struct empty *prev, *next; /* in tree->empties, the oldest first */
};

static void set_timer(struct tree *tree)
{
    if (tree->empties)
        loop_set_timer(tree->loop, &tree->empties_timer, tree->empties->until_ms);
    else
        loop_clear_timer(tree->loop, &tree->empties_timer);
}

void empty_forget(struct node *node)
{
    struct empty *empty = node->empty;
    struct tree *tree;

    if (!empty)
        return;
    tree = empty->tree;
    node->empty = NULL;
    assert(node->parent->dir->empties > 0);
    node->parent->dir->empties--;
    DL_DELETE(tree->empties, empty);
    set_timer(tree);
    free(empty);
    node_unref(&tree->nodes, node);
}

void empty_forget_all(struct tree *tree)
{
    while (tree->empties)
        empty_forget(tree->empties->node);
}

/* The minute is over, or the name makes room. An entry that was stored meanwhile, or is open,
 * only stops being a name made empty. */
static void end(struct empty *empty)
{
    struct node *node = empty->node;
    struct tree *tree = empty->tree;

    if (node->presence == NODE_PENDING && node->writers == 0 && !node->busy)
        presence_gone(&tree->nodes, node);
    else
        empty_forget(node);
}

static void time_is_up(struct loop_timer *timer)
{
    struct tree *tree = CONTAINER_OF(timer, struct tree, empties_timer);

    while (tree->empties && tree->empties->until_ms <= loop_now_ms())
        end(tree->empties);
}

static void make_room(struct tree *tree, const struct node *dir)
{
    unsigned limit = dir->kind->store->limit, most = limit ? limit : EMPTIES_MAX;
    struct empty *empty, *next;

    DL_FOREACH_SAFE(tree->empties, empty, next)
    {
        if (dir->dir->empties < most)
            return;
        if (empty->node->parent == dir)
            end(empty);
    }
}

static bool keep(struct tree *tree, struct node *node)
{
    struct empty *empty = calloc(1, sizeof *empty);
    if (!empty)
        return false;
    empty_forget(node); /* the minute begins anew; the caller has a reference to the node */
    make_room(tree, node->parent);
    *empty = (struct empty){
        .tree = tree, .node = node_ref(node), .until_ms = loop_now_ms() + EMPTY_MS};
    node->empty = empty;
    node->parent->dir->empties++;
    node->mtime = node->btime = (int64_t)time(NULL);
    DL_APPEND(tree->empties, empty);
    tree->empties_timer.fire = time_is_up;
    set_timer(tree);
    return true;
}

/* Only the server knows whether there is such an entry: no empty file is to be seen in its place.
 * The node stays, and its error with it, for as long as the entry may be there. */
static void be_in_doubt(struct node *node)
{
    node->listed = true;
    empty_forget(node);
}

void empty_writer_left(struct tree *tree, struct node *node)
{
    assert(node->writers > 0);
    node->writers--;
    if (node->writers > 0 || !node_is_unstored(node) || node->busy)
        return;
    if (node->presence == NODE_REPLACING)
        presence_come_back(node);
    else if (node->upload_error && node->maybe_stored)
        be_in_doubt(node);
    else if (node->upload_error || !keep(tree, node))
        presence_gone(&tree->nodes, node);
}
