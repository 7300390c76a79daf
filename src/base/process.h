/*
 * Looking at the processes that call us: the one place that does.
 *
 * A caller that waits for our answer holds locks of its own, and /proc waits for some of
 * them. So only these are ever read, and nothing else may be (architecture, "Rules"; each was
 * measured as a hang that no signal ends):
 *
 * - status, comm: no lock that a waiting caller can hold.
 * - fdinfo/N: never calls back into the file system, as stat through fd/N would.
 * - stat: only of a task that is exiting (status has no VmSize). During execve, stat waits for
 *   a lock that our own unanswered FLUSH holds.
 * - fd/2: O_PATH only, since it may be a file of our own mount. What is there is opened only
 *   when it is a terminal or a pipe.
 * - pidfd_getfd(2) of standard error: when O_PATH has shown a pipe, a socket or a file of a
 *   local file system, and only of a process that waits in a call that names a file: during
 *   execve (FLUSH) pidfd_getfd waits as stat does.
 *
 * Never cmdline, maps, environ or stack, never a path that a caller has, and never kcmp(2),
 * which takes the lock that stat takes.
 *
 * What /proc does not tell for want of descriptors or memory is an error, and no answer: a
 * process that cannot be looked at has neither let go of a file nor ended well.
 *
 * FUSE gives the thread (TID) that calls; a thread group (TGID) is what users call a process.
 */
#ifndef GHSECRETFS_PROCESS_H
#define GHSECRETFS_PROCESS_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/text.h"

/* The thread group that a thread belongs to; the thread itself when /proc does not tell. */
pid_t process_group_of(pid_t tid);

/* Can processes be looked at just now? 0; -EMFILE, -ENFILE, -ENOMEM. */
int process_can_look(void) WARN_UNUSED;

/* Contract §3.14. A shell, its subshell and a script's children are three deep. */
#define PROCESS_ANCESTORS_MAX 6

/* A process, its parent, and so on; without init. */
struct process_line {
    pid_t pid[1 + PROCESS_ANCESTORS_MAX];
    unsigned count;
    bool is_whole; /* the last one is a child of init's */
};

/* 0, or -errno when /proc cannot be read. Of a process that has gone only itself is known. */
int process_line_of(pid_t tgid, struct process_line *ret) WARN_UNUSED;

/* Has it gone, as far as /proc tells? */
bool process_is_gone(pid_t tgid);

/*
 * A look at the descriptors of a process, some at a time, since there may be very many: how
 * many open files of one inode number has it to write to, at the least? Descriptors of
 * different positions or flags are of different open files; others may be copies of one.
 */
#define PROCESS_SCAN_FILES_MAX 8

struct process_scan {
    DIR *dir; /* NULL when there is no more to be looked at */
    uint64_t ino;
    struct process_file {
        uint64_t position;
        unsigned long flags;
    } file[PROCESS_SCAN_FILES_MAX];
    unsigned count; /* of file: what is more is not counted */
};

/* 0, or -errno; -EACCES when its descriptors may not be looked at. A process that has gone has
 * none. */
int process_scan_start(struct process_scan *scan, pid_t tgid, uint64_t ino) WARN_UNUSED;
/* Looks at up to `*descriptors` more, and counts them down. 0 or -errno. */
int process_scan_go_on(struct process_scan *scan, unsigned *descriptors) WARN_UNUSED;
/* Also right when it was not started, if it is zeroed, and twice. */
void process_scan_end(struct process_scan *scan);

/* The name (comm) of a thread, or "". */
void process_name(pid_t tid, char out[static 16]);

/* How a task that is on its way out failed, by a signal or with an exit status other than 0, as
 * of waitpid(2); 0 for one that has not failed, has gone, or hides its status. 0, or -errno
 * when /proc cannot be read. */
int process_failure(pid_t tid, int *ret_status) WARN_UNUSED;

enum process_interrupt {
    PROCESS_GOES_ON, /* the signal disturbs nothing, or there is none */
    PROCESS_DIES,    /* it cannot be kept waiting: EINTR, and the caller never sees it */
    PROCESS_STOPS,   /* SIGINT that it catches: the user pressed Ctrl-C */
};

/* What becomes of a thread that has a signal pending. Contract §5.7. */
enum process_interrupt process_interrupted(pid_t tid);

/*
 * A descriptor for tell() that leads to the standard error of a process that waits for our
 * answer to open, create or rename, if that is a terminal (/dev/pts), an anonymous pipe, and,
 * where the kernel lets us have the process's own, a unix socket or a regular file on a local
 * file system; else -1. Its close never waits. The caller's to close.
 */
int process_open_stderr(pid_t tgid);

/* A pidfd, readable when the process has ended; or -errno. The caller's to close. */
int process_watch(pid_t tgid);

#endif
