/*
 * The table of mounts of our own mount namespace.
 */
#ifndef GHSECRETFS_MOUNTS_H
#define GHSECRETFS_MOUNTS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Is the file system of the mount with this number (stx_mnt_id of statx(2)) served by this
 * machine's kernel alone? The table is read and no file system is asked: statfs(2) would ask,
 * and the mount may be our own. False as well for a mount that the table does not have.
 */
bool mount_is_local(uint64_t id);

#endif
