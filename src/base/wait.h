/*
 * Waiting for an answer. What is being fetched holds the list of those who wait for it, so
 * two who want one thing share one request.
 *
 * The convention of every function here and above that takes a `struct wait`:
 *   0             the answer is there already; done() is not called
 *   -EINPROGRESS  done() will be called once, later, from the loop
 *   other -errno  it failed at once; wait->failure says why; done() is not called
 */
#ifndef GHSECRETFS_WAIT_H
#define GHSECRETFS_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"

struct waiters {
    struct wait *head;
};

/* Embedded in whoever waits and owned by it. */
struct wait {
    void (*done)(struct wait *wait); /* wait->failure.err tells the outcome */
    uint64_t deadline_ms;            /* for what is started on this one's behalf */
    struct failure failure;
    struct waiters *in; /* NULL while not waiting */
    struct wait *prev, *next;
};

void wait_join(struct waiters *waiters, struct wait *wait);

/* Stops waiting; done() is not called. Also right for one that does not wait. */
void wait_leave(struct wait *wait);

/* Tells all of them, in the order in which they joined. `why` NULL means success. They may
 * join again, and leave others, while they are told. */
void waiters_finish(struct waiters *waiters, const struct failure *why);

/*
 * For who goes on in wait->done() whatever the outcome: calls it now, unless it will be called
 * later. `err` is what the function returned that was given the wait.
 */
void wait_then(struct wait *wait, int err);

/* Fails at once, as by the convention: fills wait->failure and returns its errno. */
int wait_fail(struct wait *wait, const struct failure *why);

#endif
