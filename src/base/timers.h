/*
 * Timers in the order in which they fire: a pairing heap of nodes that are embedded in what
 * they belong to. Adding is O(1), removing and taking the first O(log n) amortized, and nothing
 * allocates, so nothing fails.
 */
#ifndef GHSECRETFS_TIMERS_H
#define GHSECRETFS_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

struct timer_node {
    uint64_t at_ms;
    uint64_t order; /* of two for the same time the one that was added first comes first */
    struct timer_node *child, *next;
    struct timer_node *back; /* the sibling before, or the parent; NULL for the root */
};

struct timers {
    struct timer_node *first; /* the soonest; NULL: none */
    uint64_t added;
};

void timers_add(struct timers *timers, struct timer_node *node, uint64_t at_ms);
/* `node` is one of them. */
void timers_remove(struct timers *timers, struct timer_node *node);

#endif
