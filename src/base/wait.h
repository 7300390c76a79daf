/* clang-format off */
/*
 * Waiting for an answer. A thing that is being fetched (a listing, a key) has a list of its
 * waiters, so two operations that want one thing share one request.
 *
 * The convention of every function, here and in the layers above, that takes a `struct wait`:
 *   0             the answer is there already; done() is not called
 *   -EINPROGRESS  done() will be called once, later, from the loop
 *   other -errno  the call failed at once; wait->failure says why; done() is not called
 */
/* clang-format on */
#ifndef GHSECRETFS_WAIT_H
#define GHSECRETFS_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"

struct waiters {
    struct wait *head;
};

/* Embedded in the struct of the operation that waits. */
struct wait {
    void (*done)(struct wait *wait); /* wait->failure.err tells the outcome */
    uint64_t deadline_ms;            /* for requests that are sent on behalf of this waiter */
    struct failure failure;
    struct waiters *in; /* NULL while not waiting */
    struct wait *prev, *next;
};

void wait_join(struct waiters *waiters, struct wait *wait);

/* Stops waiting; done() is not called. Does nothing if `wait` does not wait. */
void wait_leave(struct wait *wait);

/* Empties the list and calls done() of each waiter, in the order in which the waiters joined.
 * `why` is NULL for success. A done() may let any waiter join a list or leave one. */
void waiters_finish(struct waiters *waiters, const struct failure *why);

/* For a function that fails at once (see the convention): fills wait->failure, returns
 * why->err. */
int wait_fail(struct wait *wait, const struct failure *why);

#endif
