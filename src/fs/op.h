/*
 * One FUSE request on its way through the tree to its one reply; and what the files of this
 * layer share.
 *
 * A handler of FUSE's either replies at once, or makes an op, whose done() replies from what
 * the task brought and frees it. Nothing else replies.
 */
#ifndef GHSECRETFS_OP_H
#define GHSECRETFS_OP_H

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

#include "base/libc.h"
#include "fs/fs.h"
#include "nodes/tree.h"
#include "tree/operations.h"

struct op {
    struct task task;
    struct fs *fs;
    fuse_req_t req;
    struct fuse_file_info file;  /* of opens: what the reply needs */
    struct open_file *opened;    /* by an open or create that ends well */
    size_t size;                 /* of a write */
    bool is_open;                /* an open or create */
    struct loop_timer interrupt; /* looks at the caller, once a signal has come */
    struct op *prev, *next;      /* in fs->ops */
};

/* Contract §3.1: makes most writers send a value in one write. */
#define FS_BLOCK_SIZE 65536

struct snapshot;

struct fs {
    struct loop *loop;
    struct tree *tree;
    struct fs_options options;
    struct fuse_session *session;
    struct loop_watch watch;    /* of the FUSE descriptor */
    struct loop_timer ready;    /* fires when the reply to INIT is out */
    struct locked request;      /* what is read from the kernel */
    struct op *ops;             /* that are not answered yet */
    struct snapshot *snapshots; /* of open directories */
    struct statx root; /* of the mount, just mounted; all zeroes where it could not be seen */
    bool mounted, init_replied, ended;
};

/* The handlers, by topic. */
void fs_lookup(fuse_req_t req, fuse_ino_t parent, const char *name);
void fs_forget(fuse_req_t req, fuse_ino_t ino, uint64_t count);
void fs_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets);
void fs_unlink(fuse_req_t req, fuse_ino_t parent, const char *name);
void fs_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device);
void fs_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode);
void fs_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name);
void fs_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name);
void fs_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name);
void fs_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
    const char *new_name, unsigned flags);

void fs_readlink(fuse_req_t req, fuse_ino_t ino);

void fs_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
    struct fuse_file_info *file);
void fs_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file);
void fs_read(
    fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *file);
void fs_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
    struct fuse_file_info *file);
void fs_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file);
void fs_fsync(fuse_req_t req, fuse_ino_t ino, int data_only, struct fuse_file_info *file);
void fs_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file);

void fs_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file);
void fs_readdir(
    fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *file);
void fs_readdirplus(
    fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *file);
void fs_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file);

void fs_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file);
void fs_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attributes, int which,
    struct fuse_file_info *file);
void fs_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size);
void fs_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size);
void fs_statfs(fuse_req_t req, fuse_ino_t ino);

/* Closes what the kernel did not close before it went. */
void fs_close_directories(struct fs *fs);

/* What they share. */

static inline struct fs *fs_of(fuse_req_t req)
{
    return fuse_req_userdata(req);
}

/* The open file of a file handle. */
static inline struct open_file *fs_open_file(uint64_t fh)
{
    return (struct open_file *)(uintptr_t)fh;
}

/* The node of an inode number, or NULL: answer ESTALE. */
struct node *fs_node(const struct fs *fs, fuse_ino_t ino);

/* Who wants to know attributes. */
struct asker {
    const struct open_file *file; /* the open file that they are about; NULL: not known */
    pid_t tid;
};

void fs_attributes(
    const struct fs *fs, const struct node *node, const struct asker *asker, struct stat *ret);

/* The answer to a lookup or create; the caller counts it in node->lookups. */
void fs_entry(fuse_req_t req, const struct node *node, struct fuse_entry_param *ret);
/* How long the kernel may keep it, in seconds. */
double fs_timeout(const struct fs *fs, const struct node *node);

/* A new op with its task ready, or NULL when the request was answered with an error. The op
 * ends when a signal that matters reaches its caller. */
struct op *op_new(fuse_req_t req, struct node *node, const char *operation,
    void (*done)(struct task *task, int err));
static inline struct op *op_of(struct task *task)
{
    return (struct op *)task; /* its first member */
}
/* Takes the request out of the op, to be replied to, and frees the op. */
fuse_req_t op_end(struct op *op);
/* The done() of operations that are answered with an errno, or nothing. */
void op_reply_status(struct task *task, int err);

#endif
