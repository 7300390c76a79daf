/*
 * Whether and how the directory can be mounted on: what the kernel, libfuse and fusermount3
 * would refuse with words that do not say what to do.
 */
#ifndef GHSECRETFS_MOUNTPOINT_H
#define GHSECRETFS_MOUNTPOINT_H

#include <stdbool.h>

/* Is there a directory that we may mount on? Sets `ret`, its absolute path without links: the
 * caller's to free. False when what is wrong was reported. */
bool mountpoint_check(const char *given, char **ret);

/* Can we mount at all? False when what is wrong was reported. */
bool mountpoint_check_tools(void);

#endif
