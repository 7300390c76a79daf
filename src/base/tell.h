/*
 * Writing a line for a person to an open file that other processes use as well: without
 * waiting, and without changing the flags of the open file, which the other processes would
 * notice.
 */
#ifndef GHSECRETFS_TELL_H
#define GHSECRETFS_TELL_H

#include <stddef.h>

/* In bytes; a longer line is cut. */
#define TELL_MAX 256

/*
 * Writes `line`, which ends with a line feed, to a pipe, a socket, a terminal that was opened
 * with O_NONBLOCK, or a regular file of a local file system (at the position that all users of
 * the open file share). Where the write would have to wait (a full pipe, a stopped terminal)
 * the line is dropped. A terminal in raw mode belongs to a program that draws on all of the
 * screen, and gets no line.
 */
void tell(int fd, const char *line, size_t len);

#endif
