#include "fs/op.h"

#include <errno.h>
#include <utlist.h>

struct op *op_new(fuse_req_t req, struct node *node, const char *operation,
    void (*done)(struct task *task, int err))
{
    struct fs *fs = fs_of(req);
    struct op *op = node ? calloc(1, sizeof *op) : NULL;

    if (!op) {
        fuse_reply_err(req, node ? ENOMEM : ESTALE);
        return NULL;
    }
    op->fs = fs;
    op->req = req;
    task_init(&op->task, fs->tree, node, operation, done);
    op->task.tid = fuse_req_ctx(req)->pid;
    op->task.uid = fuse_req_ctx(req)->uid;
    DL_APPEND(fs->ops, op);
    op_watch_interrupts(op);
    return op;
}

fuse_req_t op_end(struct op *op)
{
    fuse_req_t req = op->req;
    DL_DELETE(op->fs->ops, op);
    loop_clear_timer(op->fs->loop, &op->interrupt);
    free(op);
    return req;
}

void op_reply_status(struct task *task, int err)
{
    fuse_reply_err(op_end(op_of(task)), -err);
}
