/*
 * Going to the background, and telling whoever waits in front how the start went. The fork
 * comes first, before libcurl, OpenSSL or a thread is used (libfuse's README.daemonize).
 */
#ifndef GHSECRETFS_DAEMON_H
#define GHSECRETFS_DAEMON_H

#include "base/text.h"

struct daemon {
    int ready_fd; /* to the process in front; -1 without one */
};

/*
 * Forks. Returns in the child alone: 0, or -errno without a child. The process in front waits,
 * and exits: with 0 once the child calls daemon_ready(), else with the child's own status.
 */
int daemon_start(struct daemon *daemon) WARN_UNUSED;

/* For a program that stays in front. */
void daemon_stay(struct daemon *daemon);

/* The program works: leaves the terminal, and messages go to syslog from now on. Does nothing
 * for one that stays in front. */
void daemon_ready(struct daemon *daemon);

#endif
