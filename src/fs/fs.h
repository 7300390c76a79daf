/*
 * The tree as a FUSE file system. Only the files of fs/ include <fuse_lowlevel.h>.
 */
#ifndef GHSECRETFS_FS_H
#define GHSECRETFS_FS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/loop.h"
#include "base/text.h"

struct fs;
struct fuse_args;
struct tree;

struct fs_options {
    struct fuse_args *args; /* for libfuse; borrowed during fs_mount() */
    const char *mountpoint;
    uid_t uid; /* owner and group of every file */
    gid_t gid;
    mode_t umask;    /* permission bits that no file has */
    bool allow_root; /* root may use the mount, beside the user who mounts */

    void (*ready)(void *arg); /* called when the mount answers */
    void (*ended)(void *arg); /* called when the mount was unmounted */
    void *arg;
};

/* Mounts. 0; -EIO when libfuse has written the reason to standard error; or another -errno,
 * which the caller must report. `tree` must live as long as the fs. */
int fs_mount(struct loop *loop, struct tree *tree, const struct fs_options *options,
    struct fs **ret) WARN_UNUSED;

/* Answers the operations under way with errors, unmounts if the mount is still there, and frees
 * the fs. NULL: does nothing. */
void fs_unmount(struct fs *fs);

#endif
