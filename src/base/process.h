/* clang-format off */
/*
 * Looking at the processes that call us. No other file does.
 *
 * A caller that waits for our answer holds locks of its own, and some files of /proc wait for
 * those locks. So only the following is ever read, and nothing else may be; each breach was
 * measured as a hang that no signal ends (architecture, "Rules"):
 *
 *   status, comm      always: they take no lock that a waiting caller can hold
 *   fdinfo/N          always: unlike stat through fd/N, never calls back into the file system
 *   stat              only of a task that is exiting (status has no VmSize): during execve,
 *                     stat waits for a lock that the caller of our own unanswered FLUSH holds
 *   fd/2              only with O_PATH, since fd/2 may be a file of our own mount; opened again
 *                     for writing only if fd/2 is a terminal or a pipe
 *   pidfd_getfd(2)    only of descriptor 2, if O_PATH has shown a pipe, a socket or a file of a
 *                     local file system, and only of a process that waits in a call that names
 *                     a file: during execve (FLUSH), pidfd_getfd waits for the lock that stat
 *                     waits for
 *   kcmp(2)           never: kcmp takes the lock that stat takes
 *   cmdline, maps, environ, stack, and any path that a caller has      never
 *
 * Where descriptors or memory are too short to read /proc, a function here gives an error and
 * not an answer: of a process that cannot be looked at nobody may say that the process has let
 * go of a file or has ended well.
 *
 * FUSE names the thread (TID) that calls; a thread group (TGID) is what users call a process.
 */
/* clang-format on */
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

/* A process, its parent, the parent's parent and so on; without init. */
struct process_line {
    pid_t pid[1 + PROCESS_ANCESTORS_MAX];
    unsigned count;
    bool is_whole; /* the last process of the line is a child of init */
};

/* 0, or -errno when /proc cannot be read. The line of a process that has gone is that process
 * alone. */
int process_line_of(pid_t tgid, struct process_line *ret) WARN_UNUSED;

/* Does /proc say that the process has gone? */
bool process_is_gone(pid_t tgid);

/*
 * How many open files, of one inode number and open for writing, does a process have at the
 * least? A process may have very many descriptors, so they are looked at some at a time.
 * Descriptors of different positions or flags belong to different open files; descriptors of
 * the same position and flags may be copies of one, and are counted once.
 */
#define PROCESS_SCAN_FILES_MAX 8

struct process_scan {
    DIR *dir; /* NULL when no descriptor is left to look at */
    uint64_t ino;
    struct process_file {
        uint64_t position;
        unsigned long flags;
    } file[PROCESS_SCAN_FILES_MAX];
    unsigned count; /* of `file`; at most PROCESS_SCAN_FILES_MAX, even if there are more */
};

/* 0, or -errno; -EACCES when we may not look at the process's descriptors. A process that has
 * gone has no descriptors: 0. */
int process_scan_start(struct process_scan *scan, pid_t tgid, uint64_t ino) WARN_UNUSED;
/* Looks at up to `*descriptors` more descriptors, and takes their number off `*descriptors`. 0
 * or -errno. */
int process_scan_go_on(struct process_scan *scan, unsigned *descriptors) WARN_UNUSED;
/* `scan` may be a zeroed struct, or have ended already. */
void process_scan_end(struct process_scan *scan);

/* The name (comm) of a thread, or "". */
void process_name(pid_t tid, char out[static 16]);

/* Sets `ret_status` to how an exiting task failed, as waitpid(2) would tell: a signal, or an
 * exit status other than 0. `ret_status` is 0 for a task that has not failed, has gone, or
 * hides its status. Returns 0, or -errno when /proc cannot be read. */
int process_failure(pid_t tid, int *ret_status) WARN_UNUSED;

enum process_interrupt {
    PROCESS_GOES_ON, /* no signal is pending, or one that disturbs nothing */
    PROCESS_DIES,    /* the thread is about to die: the answer is EINTR, which nobody sees */
    PROCESS_STOPS,   /* the thread catches a pending SIGINT: the user pressed Ctrl-C */
};

/* What becomes of a thread that has a signal pending. Contract §5.7. */
enum process_interrupt process_interrupted(pid_t tid);

/*
 * A descriptor for tell() of the standard error of a process that waits for our answer to open,
 * create or rename; or -1. Standard error must be a terminal (/dev/pts) or an anonymous pipe;
 * or, where the kernel lets us take the process's own descriptor, a unix socket or a regular
 * file of a local file system. The caller closes the descriptor, and that never waits.
 */
int process_open_stderr(pid_t tgid);

/* A pidfd, readable when the process has ended; or -errno. The caller closes the pidfd. */
int process_watch(pid_t tgid);

/* How the process of a pidfd that is readable failed, as process_failure() tells. Of a process
 * that its parent has waited for, Linux tells from 6.15 on; before, the status is 0. */
int process_end_status(int pidfd, pid_t tgid);

#endif
