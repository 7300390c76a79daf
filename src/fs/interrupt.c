/* Callers that a signal reaches while they wait for us. */
#include <errno.h>

#include "base/container.h"
#include "base/process.h"
#include "fs/op.h"

/* The kernel sends INTERRUPT once, often for a signal that disturbs nothing, and none for the
 * deadly one that may follow (contract §5.7). */
#define CHECK_EVERY_MS 20

/* Drops what was asked for. What was sent may still be processed. */
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
        /* Not EINTR, which dd and node take for success; and none from an open, which shells
         * then try again for ever. */
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

/* libfuse holds a lock of the request here: the loop looks into it. */
static void interrupted(fuse_req_t req, void *arg)
{
    struct op *op = arg;
    (void)req;
    loop_set_timer(op->fs->loop, &op->interrupt, 0);
}

void op_watch_interrupts(struct op *op)
{
    op->interrupt.fire = check;
    fuse_req_interrupt_func(op->req, interrupted, op);
}
