/*
 * Looking at the processes that call us: the one place that does.
 *
 * A caller that waits for our answer holds locks of its own, and /proc waits for some of
 * them. So only these are ever read, and nothing else may be (architecture, "Rules that a
 * prototype paid for"; each was measured as a hang that no signal ends):
 *
 *   status, comm   no lock that a waiting caller can hold
 *   fdinfo/N       never calls back into the file system, as stat through fd/N would
 *   stat           only of a task that is exiting (status has no VmSize): during execve it
 * waits for a lock that our own unanswered FLUSH holds fd/2           readlink and O_PATH only;
 * what is there is opened only when it is a terminal or a pipe: it may be a file of our own
 * mount
 *
 * Never cmdline, maps, environ or stack, and never a path that a caller has.
 *
 * FUSE gives the thread (TID) that calls; a thread group (TGID) is what users call a process.
 */
#ifndef GHSECRETFS_PROCESS_H
#define GHSECRETFS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/text.h"

/* The thread group that a thread belongs to; the thread itself when /proc does not tell. */
pid_t process_group_of(pid_t tid);

/* The parent of a process; 0 when there is none, or /proc does not tell. */
pid_t process_parent(pid_t tgid);

/* Is it that process, or a descendant of it within six generations (contract §3)? */
bool process_descends(pid_t tgid, pid_t ancestor);

/* Does the process have a descriptor of the file with this inode number? 1, 0, or -errno when
 * its descriptors may not be looked at. A process that has gone has none. */
int process_holds(pid_t tgid, uint64_t ino);

/* The name (comm) of a thread, or "". */
void process_name(pid_t tid, char out[static 16]);

/* Is this task on its way out with a failure: a signal, or an exit status other than 0? For
 * one that is not exiting, or whose status /proc does not tell, false. `ret_status` is as of
 * waitpid(2). */
bool process_has_failed(pid_t tid, int *ret_status);

enum process_interrupt {
    PROCESS_GOES_ON, /* the signal disturbs nothing, or there is none */
    PROCESS_DIES,    /* it cannot be kept waiting: EINTR, and the caller never sees it */
    PROCESS_STOPS,   /* SIGINT that it catches: the user pressed Ctrl-C */
};

/* What becomes of a thread that has a signal pending. Contract §5. */
enum process_interrupt process_interrupted(pid_t tid);

/*
 * A descriptor that writes to the process's own standard error without ever blocking, if that
 * is a terminal (/dev/pts) or an anonymous pipe; else -1. The caller's to close.
 */
int process_open_stderr(pid_t tgid);

/* A pidfd, readable when the process has ended; or -errno. The caller's to close. */
int process_watch(pid_t tgid);

#endif
