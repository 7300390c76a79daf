/*
 * Who opened an open file of ours and who wrote to it, and whether they failed. Contract §3.14,
 * §3.15.
 */
#ifndef GHSECRETFS_WRITERS_H
#define GHSECRETFS_WRITERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/process.h"

/* Processes that wrote through one handle and are looked at; a 17th is not waited for. */
#define WRITERS_MAX 16

struct writers {
    pid_t opener; /* process, not thread */
    pid_t writer[WRITERS_MAX];
    unsigned count;
    bool too_many; /* more were alive at once: not all are known */
    pid_t last;    /* that wrote */
    int cut_short; /* the wait status of the last writer, if a signal ended it; else 0 */
    int failure;   /* that of the one who let go last, if it failed, and nobody wrote since */
};

/* The thread `tid` opens the file. */
void writers_init(struct writers *writers, pid_t tid);
/* It writes. */
void writers_add(struct writers *writers, pid_t tid);

/* Has the process opened the file, or written to it? */
bool writers_include(const struct writers *writers, pid_t tgid);

/* May the first process of a line have the file? By having opened it, by inheritance from who
 * did, or because it was seen to write. */
bool writers_may_include(const struct writers *writers, const struct process_line *line);

/* A process lets go of the file, perhaps because it ends. 0, or -errno when it cannot be looked
 * at. */
int writers_note_flush(struct writers *writers, pid_t tid) WARN_UNUSED;

/* How the one that let go last failed, or, if it did not, the signal that ended the one who
 * wrote last, which may be on its way out still: a wait status, or 0. 0, or -errno when that
 * cannot be looked at. */
int writers_failure(const struct writers *writers, int *ret_status) WARN_UNUSED;

#endif
