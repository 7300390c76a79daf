/*
 * What somebody holds for the time of something that may be dropped at any moment, and how it
 * is given back. Embedded in what is held; the newest is undone first.
 */
#ifndef GHSECRETFS_CLEANUP_H
#define GHSECRETFS_CLEANUP_H

#include <assert.h>
#include <stddef.h>

struct cleanup {
    /* Gives back what is held, and may free what the cleanup is embedded in. */
    void (*undo)(struct cleanup *cleanup);
    /* Tells of what is going to be lost, before it is undone: `why`, and -errno. NULL: nothing.
     */
    void (*abandon)(struct cleanup *cleanup, int err, const char *why);
    struct cleanup *next;
};

static inline void cleanup_push(struct cleanup **all, struct cleanup *cleanup)
{
    assert(cleanup->undo);
    cleanup->next = *all;
    *all = cleanup;
}

/* Undoes all. */
static inline void cleanup_run(struct cleanup **all)
{
    while (*all) {
        struct cleanup *cleanup = *all;
        *all = cleanup->next;
        cleanup->undo(cleanup);
    }
}

#endif
