/*
 * Telling a writer, on its own standard error, that its value was not stored: the echo of
 * shells, and programs that ignore the result of close, would not learn of the failure.
 * Contract §3.17.
 */
#ifndef GHSECRETFS_NOTICE_H
#define GHSECRETFS_NOTICE_H

#include <sys/types.h>

#include "base/failure.h"

/* Opens the standard error of the process of the thread `tid`, if the thread's user `uid` is
 * ours and process_open_stderr() can open it; else -1. The caller closes the descriptor. Call
 * only while the thread waits for our answer to open, create or rename: an exiting writer has
 * no standard error any more, and a look at a process that does anything else may block for
 * ever. */
int notice_open(pid_t tid, uid_t uid);

/* Writes one line of at most 200 printable characters to `fd`: `name` was not stored, and why.
 * Writes nothing if `fd` is -1, or for a name with which an editor only tries the directory.
 * Never blocks. */
void notice_send(int fd, const char *name, const struct failure *why);

#endif
