#include "tree/last_flush.h"

#include <errno.h>
#include <sys/wait.h>

#include "base/container.h"
#include "nodes/tree.h"

/* A look at the processes that may hold the file, for the task that flushes. */
struct look {
    struct cleanup cleanup; /* of the task */
    struct task *task;
    struct open_file *file;
    struct holders holders;
};

static void look_dropped(struct cleanup *cleanup)
{
    struct look *look = CONTAINER_OF(cleanup, struct look, cleanup);
    holders_cancel(&look->holders);
    free(look);
}

static void drop(struct task *task, struct open_file *file, int wait_status)
{
    struct failure why;

    if (WIFSIGNALED(wait_status))
        failure_set(&why, -ECANCELED, "the writer was ended by signal %d (%s)",
            WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
    else
        failure_set(&why, -ECANCELED, "the writer failed with exit status %d",
            WEXITSTATUS(wait_status));
    file->type->drop(task, file, &why);
}

void last_flush_certain(struct task *task, struct open_file *file)
{
    int wait_status;
    int err = writers_failure(&file->writers, &wait_status);

    if (!file->type->has_unsent(task, file)) /* another flush has published the text */
        return;
    if (err)
        file->type->blind(task, file, err);
    else if (wait_status)
        drop(task, file, wait_status);
    else
        file->type->send(task, file);
}

static void start_look(struct look *look);

static void holders_seen(struct holders *holders, int err)
{
    struct look *look = CONTAINER_OF(holders, struct look, holders);
    struct open_file *file = look->file;

    if (err == -EAGAIN)
        start_look(look);
    else if (err == -EBUSY)
        task_finish(look->task); /* the last process that closes the file will publish */
    else if (err)
        file->type->blind(look->task, file, err);
    else
        last_flush_certain(look->task, file);
}

static void start_look(struct look *look)
{
    const struct task *task = look->task;
    struct open_file *file = look->file;
    int err = holders_init(
        &look->holders, task->tree->loop, file->node->ino, &file->writers, task->tid);

    if (!err)
        err = open_file_tell_beside(file, &look->holders);
    if (err)
        file->type->blind(look->task, file, err);
    else
        holders_look(&look->holders, holders_seen);
}

void last_flush_look(struct task *task, struct open_file *file)
{
    struct look *look = calloc(1, sizeof *look);
    int err = look ? writers_note_flush(&file->writers, task->tid) : -ENOMEM;

    if (err) {
        free(look);
        file->type->blind(task, file, err);
        return;
    }
    look->cleanup.undo = look_dropped;
    look->task = task;
    look->file = file;
    cleanup_push(&task->cleanups, &look->cleanup);
    start_look(look);
}
