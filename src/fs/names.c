/* Looks names up and forgets them; makes, removes and renames files and directories; reads
 * links. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "fs/op.h"

/* Replies with an entry, which counts as a lookup if the kernel takes the reply. */
static void reply_entry(fuse_req_t req, struct node *node)
{
    struct fuse_entry_param entry;
    fs_entry(req, node, &entry);
    node->lookups++;
    if (fuse_reply_entry(req, &entry) != 0)
        node->lookups--;
}

static void lookup_done(struct task *task, int err)
{
    struct node *node = task->result;
    fuse_req_t req = op_end(op_of(task));
    if (err)
        fuse_reply_err(req, -err);
    else
        reply_entry(req, node);
}

void fs_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct op *op = op_new(req, fs_node(fs_of(req), parent), NULL, lookup_done);
    if (op)
        tree_lookup(&op->task, name);
}

static void forget_one(struct fs *fs, fuse_ino_t ino, uint64_t count)
{
    struct node *node = ino == FUSE_ROOT_ID ? NULL : fs_node(fs, ino);
    if (node)
        node_forget(&fs->tree->nodes, node, count);
}

void fs_forget(fuse_req_t req, fuse_ino_t ino, uint64_t count)
{
    forget_one(fs_of(req), ino, count);
    fuse_reply_none(req);
}

void fs_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
    for (size_t i = 0; i < count; i++)
        forget_one(fs_of(req), forgets[i].ino, forgets[i].nlookup);
    fuse_reply_none(req);
}

void fs_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct op *op = op_new(req, fs_node(fs_of(req), parent), "unlink", op_reply_status);
    if (op)
        tree_unlink(&op->task, name);
}

static void mknod_done(struct task *task, int err)
{
    struct open_file *opened = op_of(task)->opened;
    struct node *node = task->result;
    fuse_req_t req = op_end(op_of(task));

    if (err) {
        fuse_reply_err(req, -err);
        return;
    }
    reply_entry(req, node);
    opened->type->close(opened);
}

/* Symbolic and hard links, devices, pipes, sockets. */
static void create_other(
    fuse_req_t req, fuse_ino_t parent, const char *name, const char *operation)
{
    struct op *op = op_new(req, fs_node(fs_of(req), parent), operation, op_reply_status);
    if (op)
        tree_create_other(&op->task, name);
}

/* mknod of a regular file is an open and a close without a write: nothing is sent. */
void fs_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device)
{
    (void)device;
    if (!S_ISREG(mode)) {
        create_other(req, parent, name, "mknod");
        return;
    }
    struct op *op = op_new(req, fs_node(fs_of(req), parent), "create", mknod_done);
    if (!op)
        return;
    tree_create(&op->task, name, O_WRONLY | O_CREAT | O_EXCL, false, &op->opened);
}

void fs_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
    (void)mode;
    struct op *op = op_new(req, fs_node(fs_of(req), parent), "mkdir", lookup_done);
    if (op)
        tree_mkdir(&op->task, name);
}

void fs_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct op *op = op_new(req, fs_node(fs_of(req), parent), "rmdir", op_reply_status);
    if (op)
        tree_rmdir(&op->task, name);
}

void fs_readlink(fuse_req_t req, fuse_ino_t ino)
{
    struct node *node = fs_node(fs_of(req), ino);
    struct buffer target;

    buffer_init(&target, PATH_MAX);
    int err = node ? tree_link_target(node, &target) : -ESTALE;
    if (err)
        fuse_reply_err(req, -err);
    else
        fuse_reply_readlink(req, target.data);
    buffer_release(&target);
}

void fs_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
    (void)target;
    create_other(req, parent, name, "symlink");
}

void fs_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
    (void)ino;
    create_other(req, parent, name, "link");
}

/* Never EXDEV: mv would then remove the target first (contract §3.28). */
void fs_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
    const char *new_name, unsigned flags)
{
    struct node *to = fs_node(fs_of(req), new_parent);
    struct op *op =
        to ? op_new(req, fs_node(fs_of(req), parent), "rename", op_reply_status) : NULL;
    if (op)
        tree_rename(&op->task, name, to, new_name, flags);
    else if (!to)
        fuse_reply_err(req, ESTALE);
}
