/*
 * An op: one FUSE request on its way through the tree to its one reply. And the declarations
 * that the files of fs/ share.
 *
 * A handler of a FUSE request either replies at once, or makes an op. The done() of the op's
 * task ends the op and sends the reply, unless a signal or the end of the mount ends the op
 * first and replies with an error.
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
    struct fuse_file_info file;  /* of an open or create: for the reply */
    struct open_file *opened;    /* the result of an open or create that ends well */
    size_t size;                 /* bytes of a write */
    bool is_open;                /* the request is an open or create */
    struct loop_timer interrupt; /* looks at the caller, once the kernel has sent INTERRUPT */
    struct op *prev, *next;      /* in fs->ops */
};

/* st_blksize of every file, so that most programs send a value in one write (contract §3.1). */
#define FS_BLOCK_SIZE 65536

struct snapshot;

struct fs {
    struct loop *loop;
    struct tree *tree;
    struct fs_options options;
    struct fuse_session *session;
    struct loop_watch watch;    /* of the FUSE descriptor */
    struct loop_timer ready;    /* fires when the reply to INIT is out */
    struct locked request;      /* the request that was read from the kernel last */
    struct op *ops;             /* the ops that are not answered yet */
    struct snapshot *snapshots; /* of open directories */
    struct statx root; /* of the mount point, just after mounting; zeroes if statx(2) failed */
    bool mounted, init_replied, ended;
};

/* The handlers of FUSE requests. */

/* names.c */
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

/* files.c */
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

/* directories.c */
void fs_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file);
void fs_readdir(
    fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *file);
void fs_readdirplus(
    fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *file);
void fs_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file);

/* Frees the open directories that the kernel has not closed, at the end of the mount. */
void fs_close_directories(struct fs *fs);

/* attributes.c */
void fs_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file);
void fs_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attributes, int which,
    struct fuse_file_info *file);
void fs_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size);
void fs_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size);
void fs_statfs(fuse_req_t req, fuse_ino_t ino);

static inline struct fs *fs_of(fuse_req_t req)
{
    return fuse_req_userdata(req);
}

/* The open file of the kernel's file handle `fh`. */
static inline struct open_file *fs_open_file(uint64_t fh)
{
    return (struct open_file *)(uintptr_t)fh;
}

/* entry.c */

/* The node of FUSE's inode number, borrowed. NULL: the handler replies ESTALE. */
struct node *fs_node(const struct fs *fs, fuse_ino_t ino);

/* Who asks for attributes. */
struct asker {
    const struct open_file *file; /* the open file that is asked about; NULL: not known */
    pid_t tid;
};

/* Fills `ret` for the kernel, without asking the API. */
void fs_attributes(
    const struct fs *fs, const struct node *node, const struct asker *asker, struct stat *ret);

/* The reply to a lookup or create. The caller adds 1 to node->lookups if the kernel takes the
 * reply. */
void fs_entry(fuse_req_t req, const struct node *node, struct fuse_entry_param *ret);
/* How long the kernel may keep the name and the attributes of the node, in seconds. */
double fs_timeout(const struct fs *fs, const struct node *node);

/* op.c */

/* A new op, whose task is on `node`. NULL when the request was answered with an error: ESTALE
 * where `node` is NULL. A signal that ends or stops the caller ends the op (contract §5.7). */
struct op *op_new(fuse_req_t req, struct node *node, const char *operation,
    void (*done)(struct task *task, int err));
static inline struct op *op_of(struct task *task)
{
    return (struct op *)task; /* `task` is the first member */
}
/* Frees the op, and returns its request, which the caller must reply to. */
fuse_req_t op_end(struct op *op);
/* A done() that replies with the error or with success, and nothing else. */
void op_reply_status(struct task *task, int err);

#endif
