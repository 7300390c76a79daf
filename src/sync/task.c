#include "sync/task.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>

#include "base/container.h"
#include "base/notice.h"
#include "nodes/node.h"
#include "nodes/tree.h"

static void wait_ended(struct wait *wait)
{
    struct task *task = CONTAINER_OF(wait, struct task, wait);
    if (wait->failure.err)
        task_fail(task, &wait->failure);
    else
        task->next(task);
}

void task_init(struct task *task, struct tree *tree, struct node *node, const char *operation,
    void (*done)(struct task *task, int err))
{
    *task = (struct task){
        .tree = tree,
        .done = done,
        .operation = operation,
        .notice_fd = -1,
        .node = node ? node_ref(node) : NULL,
        .wait = {.done = wait_ended},
    };
    task_set_deadline(task, github_now_ms(tree->github) + tree->options.timeout_ms);
}

void task_set_deadline(struct task *task, uint64_t deadline_ms)
{
    task->deadline_ms = task->wait.deadline_ms = deadline_ms;
}

void task_move_to(struct task *task, struct node *node)
{
    struct node *from = task->node;
    task->node = node_ref(node);
    task->name[0] = '\0';
    node_unref(&task->tree->nodes, from);
}

void task_counts_as_upload(struct task *task)
{
    if (task->is_upload)
        return;
    task->is_upload = true;
    task->tree->uploads++;
}

static void uncount(struct task *task)
{
    struct tree *tree = task->tree;

    if (!task->is_upload)
        return;
    task->is_upload = false;
    assert(tree->uploads > 0);
    tree->uploads--;
    if (tree->uploads == 0 && tree->uploads_ended)
        tree->uploads_ended(tree->uploads_arg);
}

void task_cancel(struct task *task)
{
    struct node *node = task->node;

    wait_leave(&task->wait);
    cleanup_run(&task->cleanups);
    uncount(task);
    task->node = NULL;
    if (node)
        node_unref(&task->tree->nodes, node);
}

/* Calls done() last, since done() may free the task. */
static void task_end(struct task *task, int err)
{
    struct node *kept = task->result ? node_ref(task->result) : NULL;
    struct tree *tree = task->tree;
    void (*done)(struct task * task, int err) = task->done;

    assert(done); /* a task ends once */
    task_cancel(task);
    task->done = NULL;
    done(task, err);
    if (kept)
        node_unref(&tree->nodes, kept);
}

void task_then(struct task *task, void (*next)(struct task *task), int err)
{
    task->next = next;
    wait_then(&task->wait, err);
}

void task_finish(struct task *task)
{
    task_end(task, 0);
}

static void task_report(struct task *task)
{
    if (task->quiet || (task->failure.err == -ENOENT && !task->operation))
        return;
    failures_add_at(&task->tree->failures, task->operation ? task->operation : "lookup",
        task->node, task->name, &task->failure);
}

void task_fail(struct task *task, const struct failure *why)
{
    task->failure = *why;
    task->result = NULL;
    task_report(task);
    if (task->node)
        notice_send(
            task->notice_fd, task->name[0] ? task->name : task->node->name, &task->failure);
    task_end(task, task->failure.err);
}

void task_abandon(struct task *task, int err, const char *why)
{
    for (struct cleanup *c = task->cleanups; c; c = c->next)
        if (c->abandon)
            c->abandon(c, err, why);
    if (task->is_upload) {
        failure_set(&task->failure, err, "%s; what was sent may still be stored", why);
        task_report(task);
    }
    task_cancel(task);
}

void task_fail_errno(struct task *task, int err, const char *message)
{
    struct failure why;
    failure_set(&why, err, "%s", message);
    task_fail(task, &why);
}

void task_fail_with(struct task *task, int err, const char *format, ...)
{
    struct failure why;
    char message[FAILURE_MESSAGE_SIZE];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    failure_set(&why, err, "%s", message);
    task_fail(task, &why);
}
