/*
 * One request of a caller, until the request is answered: who asks, which node the task is on,
 * whom to tell. Embedded in the struct of the caller.
 *
 * An operation that may wait takes a task that was made ready with task_init(), and calls
 * task->done exactly once, perhaps before the operation's function returns, unless
 * task_cancel() comes first.
 *
 * What an operation needs besides lives in a struct of its own, which pushes a cleanup onto the
 * task: the operation gives back what it holds, whichever way the task ends.
 */
#ifndef GHSECRETFS_TASK_H
#define GHSECRETFS_TASK_H

#include "base/cleanup.h"
#include "base/wait.h"
#include "nodes/name.h"
#include "nodes/node.h"

struct tree;

struct task {
    struct tree *tree;
    void (*done)(struct task *task, int err); /* 0 or -errno */

    /* Who asks. */
    pid_t tid;            /* the thread, or 0 */
    uid_t uid;            /* the thread's user */
    uint64_t deadline_ms; /* a time of github_now_ms() */

    /* How a failure is told. */
    const char *operation; /* the verb of the line in `errors`; NULL: a lookup, whose ENOENT is
                            * no line, since shells try names */
    bool quiet;            /* `errors` gets no line: who asks tells of the failure */
    int notice_fd;         /* the writer's standard error, told as well (see notice.h); or -1 */
    struct failure failure; /* why the task failed; set when done() gets an `err` */

    struct node *node;    /* what the task is on; referenced */
    char name[NAME_SIZE]; /* a name in the directory `node`, not encoded; or "" */
    struct node *result;  /* the node that was found or made; valid while done() runs */

    /* Private to the running operation. */
    struct wait wait;                /* see task_then() */
    void (*next)(struct task *task); /* called when `wait` has ended well */
    struct cleanup *cleanups;        /* run when the task ends, the newest first */
    bool is_upload;                  /* counted in tree->uploads */
};

/* Makes a task ready, with the mount's `timeout` from now as its deadline. `node`, which may be
 * NULL, is referenced until the task ends. */
void task_init(struct task *task, struct tree *tree, struct node *node, const char *operation,
    void (*done)(struct task *task, int err));

/* Sets the deadline of the task and of task->wait: a time of github_now_ms(). */
void task_set_deadline(struct task *task, uint64_t deadline_ms);
/* From here on the task is on another node, and not on a name in that node. */
void task_move_to(struct task *task, struct node *node);
/* From here on the end of the program waits for the task. */
void task_counts_as_upload(struct task *task);

/* Goes on with next(task) once the task's wait has ended well; ends the task when the wait
 * fails. `err` is what the function returned that was given &task->wait. */
void task_then(struct task *task, void (*next)(struct task *task), int err);

/* Ends the task well. */
void task_finish(struct task *task);
/* Ends the task with the failure `why`, for which `errors` gets a line (see `operation` and
 * `quiet`). */
void task_fail(struct task *task, const struct failure *why);
/* Ends the task with a failure that no server told of: `err` (-errno) and a message. */
void task_fail_errno(struct task *task, int err, const char *message);
/* Calls task_fail_errno() with a message made as printf(3) makes text. */
__attribute__((format(printf, 3, 4))) void task_fail_with(
    struct task *task, int err, const char *format, ...);

/* Ends the task because the caller has gone, or wants no answer, or the program ends: tells in
 * `errors` what is lost by that, for `err` and `why`, then calls task_cancel(). */
void task_abandon(struct task *task, int err, const char *why);

/* Ends the task with no line in `errors` and no call of done(). Drops requests under way. */
void task_cancel(struct task *task);

#endif
