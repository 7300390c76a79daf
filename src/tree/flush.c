/* Files open for writing: what a write, a flush, an fsync and a release do. */
#include <errno.h>

#include "base/container.h"
#include "nodes/staging.h"
#include "nodes/tree.h"
#include "sync/upload.h"
#include "tree/last_flush.h"
#include "tree/operations.h"

static void fail_spoilt(struct task *task, const struct value *value)
{
    upload_fail_errno(task, value->spoilt, value_problem(value, value->spoilt));
}

/* Sends what was written, once: a release must not try it again. */
static void send_value(struct task *task)
{
    struct value *value = task->handle->value;
    const unsigned char *data;
    size_t len;

    value->dirty = false;
    if (value_has_hole(value)) {
        value->spoilt = -EINVAL;
        fail_spoilt(task, value);
        return;
    }
    if (task->node->kind->store) {
        task->node->kind->store(task, value);
        return;
    }
    int err = value_payload(value, task->tree->options.newline, &data, &len);
    if (err) {
        value->spoilt = err;
        fail_spoilt(task, value);
        return;
    }
    task->payload.value = value;
    upload_start(task);
}

/* A writer that never looks at close's error is told on its standard error. */
static void use_handle(struct task *task, struct handle *handle)
{
    task->handle = handle;
    task->notice_fd = handle->notice_fd;
}

/* It cannot be told whether the value is whole. */
static void fail_blind(struct task *task, int err)
{
    task->handle->value->spoilt = err;
    fail_spoilt(task, task->handle->value);
}

static bool has_unsent(struct task *task)
{
    const struct value *value = task->handle->value;

    if (value->spoilt)
        fail_spoilt(task, value);
    else if (!value->dirty)
        task_finish(task);
    else
        return true;
    return false; /* the task has ended, and perhaps the handle with it */
}

static void drop_value(struct task *task, const struct failure *why)
{
    value_drop(task->handle->value);
    upload_fail(task, why);
}

static int other_handles(struct task *task, struct holders *holders)
{
    const struct handle *handle = task->handle;
    int err = 0;

    for (const struct handle *h = task->tree->handles; h && !err; h = h->next)
        if (h != handle && h->node == handle->node)
            err = holders_beside(holders, &h->writers);
    return err;
}

static const struct flush_actions values = {.beside = other_handles,
    .has_unsent = has_unsent,
    .send = send_value,
    .drop = drop_value,
    .blind = fail_blind};

void tree_flush(struct task *task, struct handle *handle)
{
    struct value *value = handle->value;

    use_handle(task, handle);
    if (value->spoilt) { /* for all who have it, however they end */
        fail_spoilt(task, value);
        return;
    }
    if (!value->dirty || node_staged(task->node)) {
        task_finish(task);
        return;
    }
    task_counts_as_upload(task);
    last_flush_look(task, handle->node->ino, &handle->writers, &values);
}

/* What the kernel closed without a flush that was the last by our lights. */
static void released(struct task *task, int err)
{
    (void)err; /* told in `errors`: nobody waits */
    handle_close(CONTAINER_OF(task, struct handle, release));
}

static struct handle *first_released(const struct tree *tree)
{
    struct handle *handle = tree->handles;
    while (handle && !handle->release.tree)
        handle = handle->next;
    return handle;
}

void tree_abandon_releases(struct tree *tree)
{
    struct handle *handle;
    while ((handle = first_released(tree))) {
        task_abandon(&handle->release, -ECANCELED, "the mount has ended");
        handle_close(handle);
    }
}

static bool is_unsent(const struct handle *handle)
{
    return handle->value->dirty && !handle->value->spoilt && !node_staged(handle->node);
}

void tree_release(struct handle *handle)
{
    struct task *task = &handle->release;

    if (!is_unsent(handle)) {
        handle_close(handle);
        return;
    }
    task_init(task, handle->tree, handle->node, "write", released);
    use_handle(task, handle);
    last_flush_certain(task, &handle->writers, &values);
}

void tree_fsync(struct task *task, struct handle *handle)
{
    const struct value *value = handle->value;

    use_handle(task, handle);
    if (value->spoilt)
        fail_spoilt(task, value);
    else if (node_staged(task->node))
        task_finish(task);
    else if (value->dirty)
        send_value(task);
    else if (handle->node->upload_error)
        task_fail_errno(
            task, handle->node->upload_error, "the last upload of this secret failed");
    else
        task_finish(task);
}

static bool is_sent_by_write(const struct task *task, const struct value *value)
{
    return task->tree->options.commit_on_write && task->node->kind->type == NODE_SECRET &&
           !value_has_hole(value);
}

void tree_write(struct task *task, struct handle *handle, const void *data, size_t len,
    const uint64_t *offset)
{
    struct value *value = handle->value;

    task->handle = handle;
    writers_add(&handle->writers, task->tid);
    const struct staged *staged = node_staged(task->node);
    if (staged && staged->published) {
        task_fail_errno(task, -ESTALE, "the staging file was renamed, and sent, already");
        return;
    }
    int err = value_write(value, data, len, offset ? *offset : value->bytes.len);
    if (err) {
        task_fail_errno(task, err, value_problem(value, err));
    } else if (is_sent_by_write(task, value)) {
        task->notice_fd = handle->notice_fd;
        send_value(task);
    } else {
        task_finish(task);
    }
}
