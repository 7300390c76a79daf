/*
 * A command that runs beside the loop. The command's standard output is collected in locked
 * memory, and its end is seen, without ever blocking the loop. (A blocking wait would deadlock
 * when the command touches the mount.)
 */
#ifndef GHSECRETFS_CHILD_H
#define GHSECRETFS_CHILD_H

#include <sys/types.h>

#include "base/locked.h"
#include "base/loop.h"

struct child {
    /* Called once, from the loop. `err`: 0 when the command exited (see `wait_status`),
     * -ETIMEDOUT when it was killed at the deadline, -EFBIG when it printed too much. */
    void (*done)(struct child *child, int err);
    struct locked output; /* what the command printed */
    int wait_status;      /* as of waitpid(2) */

    struct loop *loop;
    pid_t pid;
    int error;
    bool exited, given_up;
    struct loop_watch out, process; /* the command's output, and a pidfd of the command */
    struct loop_timer deadline;
};

/*
 * Starts argv[0] (found by PATH) with standard input from /dev/null, the program's own standard
 * error, no other descriptor, the signal mask and dispositions of a new program, and in a
 * process group of its own. Keeps at most `max` bytes of output. 0 or -errno; on an error
 * `done` is not called.
 *
 * At the deadline the command and its group are killed. A process that the command has left
 * behind in another group lives on, but loses the pipe. `done` is called at the deadline, or
 * half a second later where the kernel does not let the command go.
 */
int child_start(struct child *child, struct loop *loop, char *const argv[], size_t max,
    uint64_t deadline_ms, void (*done)(struct child *child, int err)) WARN_UNUSED;

/* Kills the command if it runs, waits at most half a second for its end, and wipes the output.
 * `child` may be a zeroed struct. */
void child_release(struct child *child);

#endif
