/*
 * A thing that an operation holds (a turn, a reference, a call under way), and how to give the
 * thing back when the operation ends or is dropped. A cleanup is embedded in the thing. The
 * cleanups of an operation are a list, and the newest is undone first.
 */
#ifndef GHSECRETFS_CLEANUP_H
#define GHSECRETFS_CLEANUP_H

#include <stddef.h>

struct cleanup {
    /* Gives the thing back, and may free it, with the cleanup inside. */
    void (*undo)(struct cleanup *cleanup);
    /* Called before undo() when the operation is dropped, to report what is lost: `why`, and
     * the -errno. NULL: nothing is lost. */
    void (*abandon)(struct cleanup *cleanup, int err, const char *why);
    struct cleanup *next;
};

static inline void cleanup_push(struct cleanup **all, struct cleanup *cleanup)
{
    cleanup->next = *all;
    *all = cleanup;
}

/* Undoes every cleanup of the list. */
static inline void cleanup_run(struct cleanup **all)
{
    while (*all) {
        struct cleanup *cleanup = *all;
        *all = cleanup->next;
        cleanup->undo(cleanup);
    }
}

#endif
