/*
 * Who still has an open file of ours in hand: whether a flush is the last one, and whether the
 * writer at it has failed. Contract §3, "A value is published whole or not at all".
 */
#ifndef GHSECRETFS_WRITERS_H
#define GHSECRETFS_WRITERS_H

#include <stdbool.h>
#include <sys/types.h>

#include <stdint.h>

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

/* Has the process opened the file, or written to it? */
bool writers_include(const struct writers *writers, pid_t tgid);

/* A process lets go of the file, perhaps because it ends. */
void writers_note_flush(struct writers *writers, pid_t tid);

/* Did a signal end the one who wrote last? It may be on its way out still. */
bool writers_were_cut_short(const struct writers *writers, int *ret_status);

/*
 * Is the flush by `tid` the last, as far as can be told: does neither the opener, nor a
 * writer, nor the flusher, nor an ancestor of it up to the opener hold the file of this inode
 * number any more? Also true where that cannot be seen: hidden descriptors, or, as the caller
 * says, an opener that has the file open more than once.
 */
bool writers_are_done(
    const struct writers *writers, uint64_t ino, bool opened_twice, pid_t tid);

#endif
