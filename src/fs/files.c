/* Open files: secrets, which are written, and reports, which are read. */
#include <errno.h>
#include <fcntl.h>
#include <utlist.h>

#include "fs/op.h"
#include "tree/access_files.h"
#include "tree/report.h"

/* What a reader of a report gets: written once, at open, so that it is whole. */
struct report {
    struct buffer text;
    struct report *prev, *next; /* in fs->reports */
};

static struct handle *handle_of(const struct fuse_file_info *file)
{
    return (struct handle *)(uintptr_t)file->fh;
}

static struct report *report_of(const struct fuse_file_info *file)
{
    return (struct report *)(uintptr_t)file->fh;
}

static bool is_report(const struct node *node)
{
    return node->kind->type == NODE_REPORT;
}

static struct control *control_of(const struct fuse_file_info *file)
{
    return (struct control *)(uintptr_t)file->fh;
}

static bool is_control(const struct node *node)
{
    return node->kind->type == NODE_CONTROL;
}

static bool wants_writing(const struct fuse_file_info *file)
{
    return (file->flags & O_ACCMODE) != O_RDONLY;
}

static void use_handle(struct fuse_file_info *file, struct handle *handle)
{
    file->fh = (uintptr_t)handle;
    file->direct_io = 1; /* no plaintext in the page cache, and reads reach us */
}

static void create_done(struct task *task, int err)
{
    struct op *op = op_of(task);
    struct fuse_file_info file = op->file;
    struct handle *handle = task->handle;
    struct node *node = task->result;
    struct fuse_entry_param entry;
    fuse_req_t req = op_end(op);

    if (err) {
        fuse_reply_err(req, -err);
        return;
    }
    use_handle(&file, handle);
    fs_entry(req, node, &entry);
    node->lookups++;
    if (fuse_reply_create(req, &entry, &file) != 0) { /* the caller was interrupted */
        node->lookups--;
        handle_close(handle);
    }
}

/* The mode is the caller's own: see FUSE_CAP_DONT_MASK in session.c. */
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
    op->task.flags = file->flags;
    op->task.as_mkstemp = is_as_mkstemp(file->flags, mode);
    tree_create(&op->task, name);
}

/* The kernel may have kept the length of what was stored here once; that of the open file is
 * another. The kernel waits for nothing to forget a length, as it would to forget a name. */
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
    struct handle *handle = task->handle;
    fuse_req_t req = op_end(op);

    if (err) {
        fuse_reply_err(req, -err);
        return;
    }
    forget_length(fs, node);
    use_handle(&file, handle);
    if (fuse_reply_open(req, &file) != 0)
        handle_close(handle);
}

static void report_free(struct fs *fs, struct report *report)
{
    DL_DELETE(fs->reports, report);
    buffer_release(&report->text);
    free(report);
}

void fs_close_reports(struct fs *fs)
{
    while (fs->reports)
        report_free(fs, fs->reports);
}

static void open_report(fuse_req_t req, struct node *node, struct fuse_file_info *file)
{
    struct fs *fs = fs_of(req);
    struct report *report = wants_writing(file) ? NULL : calloc(1, sizeof *report);

    if (!report) {
        fuse_reply_err(req, wants_writing(file) ? EACCES : ENOMEM);
        return;
    }
    DL_APPEND(fs->reports, report);
    buffer_init(&report->text, REPORT_MAX);
    int err = node->kind->report(fs->tree, &report->text);
    file->fh = (uintptr_t)report;
    file->direct_io = 1; /* its size is not known beforehand */
    if (err)
        fuse_reply_err(req, -err);
    else
        err = fuse_reply_open(req, file);
    if (err)
        report_free(fs, report);
}

static void control_opened(struct task *task, int err)
{
    struct op *op = op_of(task);
    struct fuse_file_info file = op->file;
    struct control *control = task->control;
    fuse_req_t req = op_end(op);

    if (err) {
        fuse_reply_err(req, -err);
        return;
    }
    file.fh = (uintptr_t)control;
    file.direct_io = 1; /* its size is not known beforehand */
    if (fuse_reply_open(req, &file) != 0)
        control_close(control);
}

static void open_control(fuse_req_t req, struct node *node, struct fuse_file_info *file)
{
    struct op *op = op_new(req, node, "open", control_opened);
    if (!op)
        return;
    op->file = *file;
    op->is_open = true;
    op->task.flags = file->flags;
    tree_open_control(&op->task);
}

void fs_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct node *node = fs_node(fs_of(req), ino);

    if (node && is_report(node)) {
        open_report(req, node, file);
        return;
    }
    if (node && is_control(node)) {
        open_control(req, node, file);
        return;
    }
    struct op *op = op_new(req, node, "open", open_done);
    if (!op)
        return;
    op->file = *file;
    op->is_open = true;
    op->task.flags = file->flags;
    tree_open(&op->task);
}

void fs_read(
    fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *file)
{
    struct node *node = fs_node(fs_of(req), ino);

    if (!node || !(is_report(node) || is_control(node))) {
        fuse_reply_err(req, EACCES); /* never end of file: mv would then delete the secret */
        return;
    }
    const struct buffer *text =
        is_report(node) ? &report_of(file)->text : &control_of(file)->list.text;
    size_t at = (size_t)offset < text->len ? (size_t)offset : text->len;
    size_t left = text->len - at;
    fuse_reply_buf(req, text->data ? text->data + at : NULL, left < size ? left : size);
}

/* Operations on an open control file are on its directory, and `errors` names the file. */
static struct op *control_op(fuse_req_t req, const struct node *node, const char *operation,
    void (*done)(struct task *task, int err))
{
    struct op *op = op_new(req, node->parent, operation, done);
    if (op)
        snprintf(op->task.name, sizeof op->task.name, "%s", node->name);
    return op;
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
    struct node *node = fs_node(fs_of(req), ino);
    bool writes_control = node && is_control(node);
    struct op *op = writes_control ? control_op(req, node, "write", write_done)
                                   : op_new(req, node, "write", write_done);
    if (!op)
        return;
    op->size = size;
    /* The flags are those of this write: fcntl(2) may have set O_APPEND since the open. */
    uint64_t offset_in_file = (uint64_t)offset;
    const uint64_t *at = file->flags & O_APPEND ? NULL : &offset_in_file;
    if (writes_control)
        tree_write_control(&op->task, control_of(file), data, size, at);
    else
        tree_write(&op->task, handle_of(file), data, size, at);
}

/* What a flush and an fsync have in common: only what was written to is of interest. */
static void settle(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file,
    const char *operation, void (*act)(struct task *task, struct handle *handle),
    void (*act_control)(struct task *task, struct control *control))
{
    struct node *node = fs_node(fs_of(req), ino);

    if (node && is_report(node)) {
        fuse_reply_err(req, 0);
        return;
    }
    if (node && is_control(node)) {
        struct op *op = control_op(req, node, operation, op_reply_status);
        if (op)
            act_control(&op->task, control_of(file));
        return;
    }
    struct op *op = op_new(req, node, operation, op_reply_status);
    if (op)
        act(&op->task, handle_of(file));
}

void fs_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    settle(req, ino, file, "write", tree_flush, tree_flush_control);
}

void fs_fsync(fuse_req_t req, fuse_ino_t ino, int data_only, struct fuse_file_info *file)
{
    (void)data_only;
    settle(req, ino, file, "fsync", tree_fsync, tree_fsync_control);
}

void fs_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct node *node = fs_node(fs_of(req), ino);

    if (node && is_report(node)) {
        report_free(fs_of(req), report_of(file));
    } else if (node && is_control(node)) {
        control_close(control_of(file));
    } else {
        tree_release(handle_of(file));
    }
    fuse_reply_err(req, 0); /* its errors go nowhere (evidence §2.2) */
}
