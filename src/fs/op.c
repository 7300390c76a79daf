#include "fs/op.h"

#include <errno.h>
#include <utlist.h>

#include "base/container.h"
#include "base/process.h"

/* The kernel sends INTERRUPT once, often for a signal that disturbs nothing, and none for the
 * deadly one that may follow (contract §5.7). */
#define CHECK_EVERY_MS 20

fuse_req_t op_end(struct op *op)
{
    fuse_req_t req = op->req;
    DL_DELETE(op->fs->ops, op);
    loop_clear_timer(op->fs->loop, &op->interrupt);
    free(op);
    return req;
}

/* A signal has reached the caller, which waits. Drops the operation; GitHub may still process a
 * request that was sent. */
static void op_interrupt(struct op *op, int err)
{
    task_abandon(&op->task, err, "interrupted by a signal");
    fuse_reply_err(op_end(op), -err);
}

static void check(struct loop_timer *timer)
{
    struct op *op = CONTAINER_OF(timer, struct op, interrupt);

    switch (process_interrupted(op->task.tid)) {
    case PROCESS_DIES:
        op_interrupt(op, -EINTR);
        return;
    case PROCESS_STOPS:
        /* Not EINTR, which dd and node take for success. And an open goes on, since shells try
         * an open again for ever. */
        if (!op->is_open) {
            op_interrupt(op, -ECANCELED);
            return;
        }
        break;
    case PROCESS_GOES_ON:
        break;
    }
    loop_set_timer(op->fs->loop, timer, loop_now_ms() + CHECK_EVERY_MS);
}

/* Called with libfuse's lock of the request held, so the loop looks at the caller later. */
static void interrupted(fuse_req_t req, void *arg)
{
    struct op *op = arg;
    (void)req;
    loop_set_timer(op->fs->loop, &op->interrupt, 0);
}

static void watch_interrupts(struct op *op)
{
    op->interrupt.fire = check;
    fuse_req_interrupt_func(op->req, interrupted, op);
}

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
    watch_interrupts(op);
    return op;
}

void op_reply_status(struct task *task, int err)
{
    fuse_reply_err(op_end(op_of(task)), -err);
}
