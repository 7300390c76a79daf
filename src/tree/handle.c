#include "tree/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <utlist.h>

#include "base/process.h"
#include "nodes/empty.h"
#include "nodes/node.h"
#include "nodes/presence.h"
#include "nodes/staging.h"
#include "nodes/tree.h"
#include "sync/notice.h"
#include "sync/task.h"

void handle_close(struct handle *handle)
{
    struct node *node = handle->node;
    struct tree *tree = handle->tree;

    if (handle->own.dirty || handle->own.spoilt) /* something was written, and is lost */
        node->upload_error = node->upload_error ? node->upload_error : -ECANCELED;
    DL_DELETE(tree->handles, handle);
    value_release(&handle->own);
    if (handle->notice_fd >= 0)
        close(handle->notice_fd);
    free(handle);
    empty_writer_left(tree, node);
    if (node_staged(node))
        staging_wipe_removed(node);
    node_unref(&tree->nodes, node);
}

/* The longest of those that the process has, or, for 0, of all. */
static bool find_longest(
    const struct tree *tree, const struct node *node, pid_t tgid, uint64_t *ret)
{
    bool found = false;
    *ret = 0;
    for (const struct handle *h = tree->handles; h; h = h->next) {
        if (h->node != node || (tgid && !writers_include(&h->writers, tgid)))
            continue;
        found = true;
        if (h->value->bytes.len > *ret)
            *ret = h->value->bytes.len;
    }
    return found;
}

uint64_t handle_size(
    const struct tree *tree, const struct node *node, const struct handle *handle, pid_t tid)
{
    uint64_t len;

    if (node_staged(node))
        return node_staged(node)->value.bytes.len;
    if (handle)
        return handle->value->bytes.len;
    if (node->writers == 0)
        return node->stored_len;
    if (node->writers > 1 && find_longest(tree, node, process_group_of(tid), &len))
        return len;
    return find_longest(tree, node, 0, &len) ? len : node->stored_len;
}

int handle_truncate_by_path(
    const struct tree *tree, const struct node *node, pid_t tid, uint64_t len)
{
    struct process_line line;
    struct handle *found = NULL;

    int err = node->writers > 0 ? process_line_of(process_group_of(tid), &line) : 0;
    for (struct handle *h = node->writers > 0 ? tree->handles : NULL; h && !err; h = h->next) {
        if (h->node != node || h->release.tree || !writers_may_include(&h->writers, &line))
            continue;
        err = found ? -EBUSY : 0;
        found = h;
    }
    if (err)
        return err;
    if (found)
        return value_truncate(found->value, len);
    return len == 0 ? 0 : -EINVAL;
}

static int handle_new(const struct task *task, struct node *node, struct handle **ret)
{
    struct handle *handle = calloc(1, sizeof *handle);
    if (!handle)
        return -ENOMEM;
    struct staged *staged = node_staged(node);
    handle->value = staged ? &staged->value : &handle->own;
    int err = process_can_look(); /* and so, in the end, whether the writer is done */
    if (!err && !staged)
        err = value_init(
            &handle->own, node->kind->type == NODE_BULK ? VALUE_MAX_BULK : VALUE_MAX_SECRET);
    if (err) {
        free(handle);
        return err;
    }
    if (node->kind->type == NODE_SECRET)
        value_limit(&handle->own, task->tree->options.newline);
    handle->own.starts_empty = task->flags & (O_TRUNC | O_EXCL);
    handle->tree = task->tree;
    writers_init(&handle->writers, task->tid);
    handle->notice_fd =
        task->tree->options.tell_writers ? notice_open(task->tid, task->uid) : -1;
    handle->node = node_ref(node);
    node->writers++;
    DL_APPEND(task->tree->handles, handle);
    *ret = handle;
    return 0;
}

void handle_open(struct task *task, struct node *node)
{
    int err = handle_new(task, node, &task->handle);
    if (err) {
        if (node->writers == 0 && node->presence == NODE_REPLACING)
            presence_come_back(node);
        if (node->presence == NODE_HERE)
            presence_failed_write(node, process_group_of(task->tid), err);
        task_fail_errno(task, err, value_problem(NULL, err));
        return;
    }
    task->result = node;
    task_finish(task);
}
