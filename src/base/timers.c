#include "base/timers.h"

#include <assert.h>
#include <stddef.h>

static bool is_before(const struct timer_node *a, const struct timer_node *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

/* Makes one heap of two. Either may be NULL, and the root of neither has siblings. */
static struct timer_node *meld(struct timer_node *a, struct timer_node *b)
{
    if (!a || !b)
        return a ? a : b;
    if (is_before(b, a)) {
        struct timer_node *swap = a;
        a = b;
        b = swap;
    }
    b->next = a->child;
    if (b->next)
        b->next->back = b;
    b->back = a;
    a->child = b;
    return a;
}

static struct timer_node *detach(struct timer_node *node)
{
    node->next = node->back = NULL;
    return node;
}

/* Makes one heap of `node` and its next siblings: pairs of siblings are melded from the left,
 * then the pairs from the right. */
static struct timer_node *meld_siblings(struct timer_node *node)
{
    struct timer_node *pairs = NULL, *heap = NULL;

    while (node) {
        struct timer_node *a = node, *b = node->next;
        node = b ? b->next : NULL;
        a = meld(detach(a), b ? detach(b) : NULL);
        a->next = pairs;
        pairs = a;
    }
    while (pairs) {
        struct timer_node *pair = pairs;
        pairs = pair->next;
        heap = meld(heap, detach(pair));
    }
    return heap;
}

void timers_add(struct timers *timers, struct timer_node *node, uint64_t at_ms)
{
    *node = (struct timer_node){.at_ms = at_ms, .order = timers->added++};
    timers->first = meld(timers->first, node);
}

void timers_remove(struct timers *timers, struct timer_node *node)
{
    struct timer_node *rest = meld_siblings(node->child);

    assert(node == timers->first || node->back);
    if (node == timers->first) {
        timers->first = rest;
        return;
    }
    if (node->back->child == node)
        node->back->child = node->next;
    else
        node->back->next = node->next;
    if (node->next)
        node->next->back = node->back;
    timers->first = meld(timers->first, rest);
}
