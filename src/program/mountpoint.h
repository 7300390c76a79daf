/*
 * Whether the program can mount on a directory. The kernel, libfuse and fusermount3 would
 * refuse as well, but with messages that do not say what to do.
 */
#ifndef GHSECRETFS_MOUNTPOINT_H
#define GHSECRETFS_MOUNTPOINT_H

#include <stdbool.h>

/* Is `given` a directory that we may mount on? Sets `ret` to the directory's absolute path
 * without links, which the caller frees. False when what is wrong was reported. */
bool mountpoint_check(const char *given, char **ret);

/* Are /dev/fuse, and for a user who is not root fusermount3, there and usable? False when what
 * is wrong was reported. */
bool mountpoint_check_tools(void);

#endif
