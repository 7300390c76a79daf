/* Creates, opens, reads, writes, flushes and releases files. What an open file can do is in its
 * struct open_type (tree/open_file.h). */
#include <errno.h>
#include <fcntl.h>

#include "fs/op.h"
#include "nodes/node.h"

static struct open_file *open_file_of(const struct fuse_file_info *file)
{
    return fs_open_file(file->fh);
}

static void use(struct fuse_file_info *file, struct open_file *opened)
{
    file->fh = (uintptr_t)opened;
    /* Keeps plaintext out of the page cache, and sends each read here, whatever the length. */
    file->direct_io = 1;
}

/* The kernel has not taken the reply to an open, since the caller was interrupted. Nothing was
 * written. */
static void close_unused(struct open_file *opened)
{
    opened->type->close(opened);
}

static void create_done(struct task *task, int err)
{
    struct op *op = op_of(task);
    struct fuse_file_info file = op->file;
    struct open_file *opened = op->opened;
    struct node *node = task->result;
    struct fuse_entry_param entry;
    fuse_req_t req = op_end(op);

    if (err) {
        fuse_reply_err(req, -err);
        return;
    }
    use(&file, opened);
    fs_entry(req, node, &entry);
    node->lookups++;
    if (fuse_reply_create(req, &entry, &file) != 0) {
        node->lookups--;
        close_unused(opened);
    }
}

/* No umask was applied to the mode: see FUSE_CAP_DONT_MASK in session.c. */
static bool is_as_mkstemp(int flags, mode_t mode)
{
    return (flags & (O_ACCMODE | O_EXCL)) == (O_RDWR | O_EXCL) && (mode & 07777) == 0600;
}

void fs_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
    struct fuse_file_info *file)
{
    struct op *op = op_new(req, fs_node(fs_of(req), parent), "create", create_done);
    if (!op)
        return;
    op->file = *file;
    op->is_open = true;
    tree_create(&op->task, name, file->flags, is_as_mkstemp(file->flags, mode), &op->opened);
}

/* The kernel may have kept the length of an earlier value, and the open file has another
 * length. To forget a length the kernel waits for nobody; to forget a name it would wait for a
 * lock. */
static void forget_length(const struct fs *fs, const struct node *node)
{
    (void)fuse_lowlevel_notify_inval_inode(fs->session, (uintptr_t)node, -1, 0);
}

static void open_done(struct task *task, int err)
{
    struct op *op = op_of(task);
    const struct fs *fs = op->fs;
    const struct node *node = task->result;
    struct fuse_file_info file = op->file;
    struct open_file *opened = op->opened;
    fuse_req_t req = op_end(op);

    if (err) {
        fuse_reply_err(req, -err);
        return;
    }
    if (node_is_entry(node))
        forget_length(fs, node);
    use(&file, opened);
    if (fuse_reply_open(req, &file) != 0)
        close_unused(opened);
}

void fs_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct op *op = op_new(req, fs_node(fs_of(req), ino), "open", open_done);
    if (!op)
        return;
    op->file = *file;
    op->is_open = true;
    tree_open(&op->task, file->flags, &op->opened);
}

void fs_read(
    fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *file)
{
    const struct open_file *opened = open_file_of(file);
    const char *text;
    size_t len;
    (void)ino;

    if (!opened->type->text) {
        fuse_reply_err(req, EACCES);
        return;
    }
    opened->type->text(opened, &text, &len);
    size_t at = (size_t)offset < len ? (size_t)offset : len;
    size_t left = len - at;
    fuse_reply_buf(req, text ? text + at : NULL, left < size ? left : size);
}

static void write_done(struct task *task, int err)
{
    struct op *op = op_of(task);
    size_t size = op->size;
    fuse_req_t req = op_end(op);
    if (err)
        fuse_reply_err(req, -err);
    else
        fuse_reply_write(req, size);
}

void fs_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
    struct fuse_file_info *file)
{
    struct op *op = op_new(req, fs_node(fs_of(req), ino), "write", write_done);
    if (!op)
        return;
    op->size = size;
    /* The flags are those of this write: fcntl(2) may have set O_APPEND since the open. */
    uint64_t at = (uint64_t)offset;
    open_file_write(
        &op->task, open_file_of(file), data, size, file->flags & O_APPEND ? NULL : &at);
}

void fs_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct op *op = op_new(req, fs_node(fs_of(req), ino), "write", op_reply_status);
    if (op)
        open_file_flush(&op->task, open_file_of(file));
}

void fs_fsync(fuse_req_t req, fuse_ino_t ino, int data_only, struct fuse_file_info *file)
{
    (void)data_only;
    struct op *op = op_new(req, fs_node(fs_of(req), ino), "fsync", op_reply_status);
    if (op)
        open_file_fsync(&op->task, open_file_of(file));
}

void fs_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct open_file *opened = open_file_of(file);
    (void)ino;

    opened->type->release(opened);
    fuse_reply_err(req, 0); /* the kernel ignores an error of RELEASE (evidence §2.2) */
}
