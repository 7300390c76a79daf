#include "base/wait.h"

#include <stddef.h>
#include <utlist.h>

void wait_join(struct waiters *waiters, struct wait *wait)
{
    wait->in = waiters;
    DL_APPEND(waiters->head, wait);
}

void wait_leave(struct wait *wait)
{
    if (!wait->in)
        return;
    DL_DELETE(wait->in->head, wait);
    wait->in = NULL;
}

void waiters_finish(struct waiters *waiters, const struct failure *why)
{
    /* The first done() may free `why` and `waiters`. */
    const struct failure copy = why ? *why : (struct failure){0};
    struct waiters told = *waiters;
    struct wait *wait;

    waiters->head = NULL;
    DL_FOREACH(told.head, wait) wait->in = &told;
    while ((wait = told.head)) {
        wait_leave(wait);
        wait->failure = copy;
        wait->done(wait);
    }
}

int wait_fail(struct wait *wait, const struct failure *why)
{
    wait->failure = *why;
    return why->err;
}
