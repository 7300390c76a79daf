/*
 * Writing a line for a person to a descriptor that is somebody else's as well: without waiting,
 * and without changing the descriptor's flags, which its other owners see too.
 */
#ifndef GHSECRETFS_TELL_H
#define GHSECRETFS_TELL_H

#include <stddef.h>

/* Longer lines are cut. */
#define TELL_MAX 256

/*
 * Writes `line`, which ends with a line feed, to a pipe, a socket, a terminal that was opened
 * with O_NONBLOCK, or a regular file of a local file system (there at the position that its
 * owners share). The line is dropped where it would have to wait: a full pipe, a terminal that
 * is stopped. A terminal in raw mode belongs to a program that draws on all of the screen, and
 * gets nothing.
 */
void tell(int fd, const char *line, size_t len);

#endif
