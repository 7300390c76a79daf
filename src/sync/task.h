/*
 * One thing that a caller asked for, until it is answered: who asks, what it is on, whom to
 * tell. Embedded in whoever asks.
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
    pid_t tid; /* the thread, or 0 */
    uid_t uid; /* its user */
    uint64_t deadline_ms;

    /* How a failure is told. */
    const char *operation;  /* the verb of the line in `errors`; NULL: a lookup, whose ENOENT is
                             * no line, since shells try names */
    bool quiet;             /* `errors` gets no line: who asks tells of the failure */
    int notice_fd;          /* a descriptor that is told as well (see notice.h), or -1 */
    struct failure failure; /* the reason, once `err` is not 0 */

    struct node *node;    /* what the task is on; referenced */
    char name[NAME_SIZE]; /* a name in the directory `node`, not encoded; or "" */
    struct node *result;  /* the node that was found or made; valid while done() runs */

    /* Private to the running operation. */
    struct wait wait; /* for one answer; then: */
    void (*next)(struct task *task);
    struct cleanup *cleanups; /* run when the task ends, the newest first */
    bool is_upload;           /* counted in tree->uploads */
};

/* `node` is referenced until the task ends; `node` may be NULL. */
void task_init(struct task *task, struct tree *tree, struct node *node, const char *operation,
    void (*done)(struct task *task, int err));

/* A time of github_now_ms(); task_init() sets the mount's `timeout` from now. */
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
/* Ends the task with a failure, which goes to `errors`. */
void task_fail(struct task *task, const struct failure *why);
/* The same for a failure that no server told of. */
void task_fail_errno(struct task *task, int err, const char *message);
/* The same with a message as printf(3) makes it. */
__attribute__((format(printf, 3, 4))) void task_fail_with(
    struct task *task, int err, const char *format, ...);

/* Ends the task because the caller has gone, or wants no answer, or the program ends. As
 * task_cancel(); but first what an upload loses by that is told in `errors`. */
void task_abandon(struct task *task, int err, const char *why);

/* Ends the task without a word, and without done(). Requests under way are dropped. */
void task_cancel(struct task *task);

#endif
