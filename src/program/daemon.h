/*
 * Going to the background. The program forks at its start, before libcurl, OpenSSL or a thread
 * is used (libfuse's README.daemonize). The first process waits in front until the mount
 * answers or the start has failed, and its exit status tells which.
 */
#ifndef GHSECRETFS_DAEMON_H
#define GHSECRETFS_DAEMON_H

#include "base/text.h"

struct daemon {
    int ready_fd; /* a pipe to the process in front; -1: no process waits there */
};

/*
 * Forks. Returns 0 in the child. The process in front does not return: it exits with 0 once the
 * child calls daemon_ready(), or with the child's own status when the child ends before. When
 * the fork fails, returns -errno.
 */
int daemon_start(struct daemon *daemon) WARN_UNUSED;

/* Instead of daemon_start(), for a program that stays in front. */
void daemon_stay(struct daemon *daemon);

/* To be called when the mount answers. Leaves the terminal; messages go to syslog from now on.
 * Does nothing in a program that stays in front. */
void daemon_ready(struct daemon *daemon);

#endif
