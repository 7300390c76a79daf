/*
 * Timers in the order in which they fire: a pairing heap, whose nodes are embedded in their
 * owners' structs. Adding a timer is O(1), removing a timer O(log n) amortized. No function
 * allocates memory, so none fails.
 */
#ifndef GHSECRETFS_TIMERS_H
#define GHSECRETFS_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

struct timer_node {
    uint64_t at_ms;
    uint64_t order; /* of two timers for one time, the timer that was added first fires first */
    struct timer_node *child, *next;
    struct timer_node *back; /* the sibling before, or the parent; NULL for the root */
};

struct timers {
    struct timer_node *first; /* the soonest; NULL: none */
    uint64_t added;
};

void timers_add(struct timers *timers, struct timer_node *node, uint64_t at_ms);
/* `node` must be one of `timers`. */
void timers_remove(struct timers *timers, struct timer_node *node);

#endif
