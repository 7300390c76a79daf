#include "tree/value_file.h"

#include <errno.h>
#include <fcntl.h>

#include "base/container.h"
#include "base/notice.h"
#include "base/process.h"
#include "nodes/empty.h"
#include "nodes/presence.h"
#include "nodes/staging.h"
#include "nodes/tree.h"
#include "sync/upload.h"
#include "tree/last_flush.h"

static struct value_file *value_file_of(struct open_file *file)
{
    return CONTAINER_OF(file, struct value_file, file);
}

static struct value *value_of(struct open_file *file)
{
    return value_file_of(file)->value;
}

/* Opening and closing */

static int value_file_new(
    const struct task *task, struct node *node, int flags, struct open_file **ret)
{
    const struct open_type *type = node->kind->type->opened;
    struct value_file *file = calloc(1, sizeof *file);
    if (!file)
        return -ENOMEM;
    struct staged *staged = node_staged(node);
    file->value = staged ? &staged->value : &file->own;
    int err = process_can_look(); /* else no flush could tell whether the writer is done */
    if (!err && !staged)
        err = value_init(&file->own, type->max);
    if (err) {
        free(file);
        return err;
    }
    if (type->is_one_value)
        value_limit(&file->own, task->tree->options.newline);
    file->own.starts_empty = flags & (O_TRUNC | O_EXCL);
    open_file_init(&file->file, type, task, node, flags);
    node->writers++;
    *ret = &file->file;
    return 0;
}

void value_file_open(struct task *task, struct node *node, int flags, struct open_file **ret)
{
    int err = value_file_new(task, node, flags, ret);
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

/* Frees the open file, and drops a value that was not sent. */
static void value_file_free(struct value_file *file, bool ends)
{
    struct tree *tree = file->file.tree;
    struct node *node = node_ref(file->file.node);

    if (file->own.dirty || file->own.spoilt) /* a written value is lost */
        node->upload_error = node->upload_error ? node->upload_error : -ECANCELED;
    value_release(&file->own);
    empty_writer_left(tree, node);
    if (node_staged(node))
        staging_writer_left(node, &file->file.notice_fd, ends);
    open_file_release(&file->file);
    free(file);
    node_unref(&tree->nodes, node);
}

static void tell_unsent(const struct open_file *file)
{
    struct failure why;
    failure_set(&why, -ECANCELED, "the mount ended before the file was closed");
    failures_add_at(&file->tree->failures, "write", file->node, "", &why);
    notice_send(file->notice_fd, file->node->name, &why);
}

static void value_file_close(struct open_file *file)
{
    const struct value *own = &value_file_of(file)->own;

    if (file->is_released)
        task_abandon(&value_file_of(file)->release, -ECANCELED, "the mount has ended");
    else if (own->dirty && !own->spoilt && own->bytes.len > 0)
        tell_unsent(file);
    value_file_free(value_file_of(file), true);
}

/* Nobody waits for the result; a failure is in `errors`. */
static void released(struct task *task, int err)
{
    (void)err;
    value_file_free(CONTAINER_OF(task, struct value_file, release), false);
}

/* The kernel releases a file although no flush looked like the last one: a value that is left
 * is sent now. */
static void value_file_release(struct open_file *file)
{
    const struct value *value = value_of(file);
    struct task *task = &value_file_of(file)->release;

    if (!value->dirty || value->spoilt || !file->type->send) {
        value_file_free(value_file_of(file), false);
        return;
    }
    file->is_released = true;
    task_init(task, file->tree, file->node, "write", released);
    task->notice_fd = file->notice_fd;
    last_flush_certain(task, file);
}

/* How long a file is */

/* The length of the longest value in open files of the node: in those of the process `tgid`,
 * or, for 0, in all. False when there is no such open file. */
static bool find_longest(
    const struct tree *tree, const struct node *node, pid_t tgid, uint64_t *ret)
{
    bool found = false;
    *ret = 0;
    for (struct open_file *f = tree->open_files; f; f = f->next) {
        if (f->node != node || (tgid && !writers_include(&f->writers, tgid)))
            continue;
        found = true;
        if (value_of(f)->bytes.len > *ret)
            *ret = value_of(f)->bytes.len;
    }
    return found;
}

uint64_t value_file_size(
    const struct tree *tree, const struct node *node, const struct open_file *file, pid_t tid)
{
    uint64_t len;

    if (node_staged(node))
        return node_staged(node)->value.bytes.len;
    if (file)
        return CONTAINER_OF(file, const struct value_file, file)->value->bytes.len;
    if (node->writers == 0)
        return node->stored_len;
    if (node->writers > 1 && find_longest(tree, node, process_group_of(tid), &len))
        return len;
    return find_longest(tree, node, 0, &len) ? len : node->stored_len;
}

/* Publishing */

static void fail_spoilt(struct task *task, struct open_file *open_file)
{
    struct value_file *file = value_file_of(open_file);
    int err = file->value->spoilt;

    if (file->is_told) {
        task->quiet = true;
        task->notice_fd = -1;
    }
    file->is_told = true;
    upload_fail_errno(task, err, value_problem(file->value, err));
}

/* Marks the value as sent, before the result is known: a release must not send the value again.
 * False when the value cannot be sent: the task has ended. */
static bool take_value(struct task *task, struct open_file *file)
{
    struct value *value = value_of(file);

    value->dirty = false;
    if (!value_has_hole(value))
        return true;
    value->spoilt = -EINVAL;
    fail_spoilt(task, file);
    return false;
}

/* 0, or the -errno why the text cannot be stored as one value. */
static int check_payload(const struct open_file *file, const struct value *value)
{
    const unsigned char *data;
    size_t len;

    return file->type->is_one_value
               ? value_payload(value, file->tree->options.newline, &data, &len)
               : 0;
}

static void value_send(struct task *task, struct open_file *file)
{
    struct value *value = value_of(file);
    const struct payload payload = {.value = value};

    if (!take_value(task, file))
        return;
    int err = check_payload(file, value);
    if (err) {
        value->spoilt = err;
        fail_spoilt(task, file);
    } else {
        file->node->kind->type->store(task, &payload);
    }
}

static void value_blind(struct task *task, struct open_file *file, int err)
{
    value_of(file)->spoilt = err;
    fail_spoilt(task, file);
}

static void value_drop_written(
    struct task *task, struct open_file *file, const struct failure *why)
{
    value_drop(value_of(file));
    value_file_of(file)->is_told = true;
    upload_fail(task, why);
}

static bool value_has_unsent(struct task *task, struct open_file *file)
{
    const struct value *value = value_of(file);

    if (value->spoilt)
        fail_spoilt(task, file);
    else if (!value->dirty)
        task_finish(task);
    else
        return true;
    return false; /* the end of a release has freed the file */
}

static void value_flush(struct task *task, struct open_file *file)
{
    /* Many writers ignore the error of close, so their standard error is told. */
    task->notice_fd = file->notice_fd;
    if (!value_has_unsent(task, file)) /* a spoilt value fails each flush, the last or not */
        return;
    task_counts_as_upload(task);
    last_flush_look(task, file);
}

static void value_fsync(struct task *task, struct open_file *file)
{
    const struct value *value = value_of(file);

    task->notice_fd = file->notice_fd;
    if (value->spoilt)
        fail_spoilt(task, file);
    else if (value->dirty)
        file->type->send(task, file);
    else if (file->node->upload_error)
        task_fail_with(task, file->node->upload_error, "the last upload of this %s failed",
            kind_noun(file->node->parent->kind));
    else
        task_finish(task);
}

static void staging_flush(struct task *task, struct open_file *file)
{
    task->notice_fd = file->notice_fd;
    if (value_of(file)->spoilt)
        fail_spoilt(task, file);
    else
        task_finish(task);
}

/* Writing */

/* False when the write was refused: the task has ended. */
static bool take_write(struct task *task, struct open_file *file, const void *data, size_t len,
    const uint64_t *offset)
{
    struct value *value = value_of(file);
    int err = value_write(value, data, len, offset ? *offset : value->bytes.len);

    if (err)
        task_fail_errno(task, err, value_problem(value, err));
    else
        value_file_of(file)->is_told = false;
    return !err;
}

static void value_file_write(struct task *task, struct open_file *file, const void *data,
    size_t len, const uint64_t *offset)
{
    if (take_write(task, file, data, len, offset))
        task_finish(task);
}

/* With commit=write a write sends the value too, unless there is a hole (contract §3.18). */
static void secret_write(struct task *task, struct open_file *file, const void *data,
    size_t len, const uint64_t *offset)
{
    if (!take_write(task, file, data, len, offset))
        return;
    if (!task->tree->options.commit_on_write || value_has_hole(value_of(file))) {
        task_finish(task);
        return;
    }
    task->notice_fd = file->notice_fd;
    value_send(task, file);
}

static void staging_write(struct task *task, struct open_file *file, const void *data,
    size_t len, const uint64_t *offset)
{
    if (node_staged(file->node)->published)
        task_fail_errno(task, -ESTALE, "the staging file was renamed, and sent, already");
    else
        value_file_write(task, file, data, len, offset);
}

static int value_file_truncate(struct open_file *file, uint64_t len)
{
    return value_truncate(value_of(file), len);
}

static int staging_truncate(struct open_file *file, uint64_t len)
{
    if (node_staged(file->node)->published)
        return -ESTALE; /* as for a write (contract §3.30) */
    return value_file_truncate(file, len);
}

int staging_truncate_by_path(struct tree *tree, struct node *node, pid_t tid, uint64_t len)
{
    (void)tree, (void)tid;
    return value_truncate(&node_staged(node)->value, len);
}

#define PUBLISHED \
    .has_unsent = value_has_unsent, .send = value_send, .drop = value_drop_written, \
    .blind = value_blind, .flush = value_flush, .fsync = value_fsync, \
    .release = value_file_release, .close = value_file_close

const struct open_type open_secret = {
    .max = VALUE_MAX_SECRET,
    .is_one_value = true,
    .write = secret_write,
    .truncate = value_file_truncate,
    PUBLISHED,
};

const struct open_type open_bulk = {
    .max = VALUE_MAX_BULK,
    .write = value_file_write,
    .truncate = value_file_truncate,
    PUBLISHED,
};

/* A staging file is published by a rename, and not by a flush. */
const struct open_type open_staging = {
    .max = VALUE_MAX_STAGING,
    .write = staging_write,
    .truncate = staging_truncate,
    .flush = staging_flush,
    .release = value_file_release,
    .close = value_file_close,
};
