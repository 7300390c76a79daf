/*
 * The tree as a FUSE file system: with its own files the only user of <fuse_lowlevel.h>.
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
    uid_t uid; /* the owner of everything */
    gid_t gid;
    mode_t umask;    /* permission bits taken away */
    bool allow_root; /* besides the mounter only root gets in */

    void (*ready)(void *arg); /* the mount answers */
    void (*ended)(void *arg); /* it was unmounted */
    void *arg;
};

/* Mounts. 0; -EIO when libfuse has said on standard error why not; or -errno, of which nobody
 * has said anything. `tree` must live as long as the fs. */
int fs_mount(struct loop *loop, struct tree *tree, const struct fs_options *options,
    struct fs **ret) WARN_UNUSED;

/* Unmounts, if that was not done already, and drops all operations under way. */
void fs_unmount(struct fs *fs);

#endif
