/*
 * Which processes opened and wrote an open file, and whether a writer has failed. Contract
 * §3.14, §3.15. All pids are those of processes (thread groups), unless called `tid`.
 */
#ifndef GHSECRETFS_WRITERS_H
#define GHSECRETFS_WRITERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/process.h"

/* Writers of one open file that are remembered; a 17th that is alive is not waited for. */
#define WRITERS_MAX 16

/* A process that wrote, and the line of its ancestors as it was when the process wrote first.
 * The line ends with the opener if the opener is in the line, and is empty if /proc could not
 * be read. */
struct writer {
    pid_t tgid;
    struct process_line line;
};

struct writers {
    pid_t opener;
    struct writer writer[WRITERS_MAX];
    unsigned count;
    bool too_many; /* more than WRITERS_MAX writers were alive at once: some are not known */
    struct writer
        last;      /* the process that wrote last; its `tgid` is 0 before the first write */
    int cut_short; /* the wait status of a process of `last.line` that a signal ended while the
                    * process had the file open, if nobody has written since; else 0 */
    int failure; /* the wait status of the process that flushed last, if that process failed and
                  * nobody has written since; else 0 */
};

/* The thread `tid` opens the file. */
void writers_init(struct writers *writers, pid_t tid);
/* The thread `tid` writes. Costs a look at the process's ancestors when the process has not
 * written before. */
void writers_add(struct writers *writers, pid_t tid);

/* Has the process opened or written the file? */
bool writers_include(const struct writers *writers, pid_t tgid);

/* May the first process of a line of ancestors have the file open? Yes for the opener, for a
 * descendant of the opener, and for a process that has written. */
bool writers_may_include(const struct writers *writers, const struct process_line *line);

/* The thread `tid` closes a descriptor of the file, perhaps because its process ends. 0, or
 * -errno when the process cannot be looked at. */
int writers_note_flush(struct writers *writers, pid_t tid) WARN_UNUSED;

/* `*ret_status`: the wait status of the process that flushed last, if that process failed; else
 * the wait status of the last writer or an ancestor in its line, if a signal ended that process
 * while it had the file open, or is ending the last writer; else 0. Returns 0, or -errno when
 * the last writer cannot be looked at. */
int writers_failure(const struct writers *writers, int *ret_status) WARN_UNUSED;

#endif
