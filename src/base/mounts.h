/*
 * The table of mounts of our own mount namespace.
 */
#ifndef GHSECRETFS_MOUNTS_H
#define GHSECRETFS_MOUNTS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Is the mount of this number (stx_mnt_id of statx(2)) one of a file system that is served by
 * this machine's kernel alone? Asks no file system, as statfs(2) would: the mount may be our
 * own. False as well for a mount that the table does not have.
 */
bool mount_is_local(uint64_t id);

#endif
