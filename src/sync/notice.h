/*
 * Telling a writer that its value was not stored, on its own standard error: shells' echo and
 * programs that never look at close would not learn of it. Contract §3.17.
 */
#ifndef GHSECRETFS_NOTICE_H
#define GHSECRETFS_NOTICE_H

#include <sys/types.h>

#include "base/failure.h"

/* A descriptor to tell the thread's process through, if the caller's user is ours and its
 * standard error is one that process_open_stderr() gives; else -1. The caller's to close. Only
 * while the thread waits for open, create or rename: an exiting writer has no standard error
 * any more, and at another time to ask may wait for ever. */
int notice_open(pid_t tid, uid_t uid);

/* One line of at most 200 printable characters, or nothing (as for a name that an editor only
 * tries); never blocks. -1 is allowed. */
void notice_send(int fd, const char *name, const struct failure *why);

#endif
