/*
 * Who still has an open secret in hand: whether a flush is the last one, and whether the
 * writer at it has failed. Contract §3, "A value is published whole or not at all".
 */
#ifndef GHSECRETFS_WRITERS_H
#define GHSECRETFS_WRITERS_H

#include <stdbool.h>
#include <sys/types.h>

struct handle;

/* Processes that wrote through one handle and are looked at; a 17th is not waited for. */
#define WRITERS_MAX 16

struct writers {
    pid_t opener; /* process, not thread */
    pid_t writer[WRITERS_MAX];
    unsigned count;
    pid_t last;    /* that wrote */
    int cut_short; /* the wait status of the last writer, if a signal ended it; else 0 */
};

/* The thread `tid` opens the file. */
void writers_init(struct writers *writers, pid_t tid);
/* It writes. */
void writers_add(struct writers *writers, pid_t tid);

/* A process lets go of the file, perhaps because it ends. */
void writers_note_flush(struct writers *writers, pid_t tid);

/*
 * Is the flush by `tid` the last, as far as can be told: does neither the opener, nor a
 * writer, nor the flusher, nor an ancestor of it up to the opener hold the file any more?
 * Also true where that cannot be seen: hidden descriptors, or a process that has this secret
 * open more than once.
 */
bool writers_are_done(const struct handle *handle, pid_t tid);

#endif
