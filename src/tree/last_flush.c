#include "tree/last_flush.h"

#include <errno.h>
#include <sys/wait.h>

#include "base/container.h"
#include "nodes/tree.h"

/* One look, for the task that flushes. */
struct look {
    struct cleanup cleanup; /* of the task */
    struct task *task;
    uint64_t ino;
    const struct writers *writers;
    const struct flush_actions *type;
    struct holders holders;
};

static void look_dropped(struct cleanup *cleanup)
{
    struct look *look = CONTAINER_OF(cleanup, struct look, cleanup);
    holders_cancel(&look->holders);
    free(look);
}

/* What a writer that has failed wrote is not to be published. */
static void drop(struct task *task, int wait_status, const struct flush_actions *type)
{
    struct failure why;

    if (WIFSIGNALED(wait_status))
        failure_set(&why, -ECANCELED, "the writer was ended by signal %d (%s)",
            WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
    else
        failure_set(&why, -ECANCELED, "the writer failed with exit status %d",
            WEXITSTATUS(wait_status));
    type->drop(task, &why);
}

void last_flush_certain(
    struct task *task, const struct writers *writers, const struct flush_actions *type)
{
    int wait_status;
    int err = writers_failure(writers, &wait_status);

    if (!type->has_unsent(task)) /* another flush has seen to it meanwhile */
        return;
    if (err)
        type->blind(task, err);
    else if (wait_status)
        drop(task, wait_status, type);
    else
        type->send(task);
}

static void start_look(struct look *look);

static void holders_seen(struct holders *holders, int err)
{
    struct look *look = CONTAINER_OF(holders, struct look, holders);

    if (err == -EAGAIN)
        start_look(look);
    else if (err == -EBUSY)
        task_finish(look->task); /* the one who lets go of it last will see to it */
    else if (err)
        look->type->blind(look->task, err);
    else
        last_flush_certain(look->task, look->writers, look->type);
}

static void start_look(struct look *look)
{
    struct task *task = look->task;
    int err =
        holders_init(&look->holders, task->tree->loop, look->ino, look->writers, task->tid);

    if (!err)
        err = look->type->beside(task, &look->holders);
    if (err)
        look->type->blind(task, err);
    else
        holders_look(&look->holders, holders_seen);
}

void last_flush_look(
    struct task *task, uint64_t ino, struct writers *writers, const struct flush_actions *type)
{
    struct look *look = calloc(1, sizeof *look);
    int err = look ? writers_note_flush(writers, task->tid) : -ENOMEM;

    if (err) {
        free(look);
        type->blind(task, err);
        return;
    }
    look->cleanup.undo = look_dropped;
    look->task = task;
    look->ino = ino;
    look->writers = writers;
    look->type = type;
    cleanup_push(&task->cleanups, &look->cleanup);
    start_look(look);
}
