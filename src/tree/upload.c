#include <errno.h>
#include <sys/wait.h>

#include "base/container.h"
#include "base/process.h"
#include "github/url.h"
#include "tree/directory.h"
#include "tree/notice.h"
#include "tree/operations.h"
#include "tree/tree.h"

/* Contract §3: so long is a refusal for want of permission open's answer. */
#define REFUSAL_TTL_MS 10000

static const char *spoilt_message(int err)
{
    return err == -EFBIG    ? "the value is longer than GitHub's 48 KiB"
           : err == -EINVAL ? "the value has a hole: it was not written from its beginning on"
                            : "no more memory can be locked for the value";
}

static void note_refusal(struct task *task, const struct failure *why)
{
    struct directory *dir = task->node->parent->dir;
    if (why->err != -EACCES && why->err != -EROFS)
        return;
    dir->refusal = *why;
    dir->refused_until_ms = loop_now_ms() + REFUSAL_TTL_MS;
    dir->refused_generation = github_token_generation(task->tree->github);
}

/* Ends an upload with a failure that the writer may not see otherwise. */
static void upload_fail(struct task *task, const struct failure *why)
{
    task->node->upload_error = why->err;
    notice_send(task->handle->notice_fd, task->node->name, why);
    task_fail(task, why);
}

static void upload_fail_errno(struct task *task, int err, const char *message)
{
    struct failure why;
    failure_set(&why, err, "%s", message);
    upload_fail(task, &why);
}

static void upload_done(void *arg, const struct failure *why, int64_t date, bool created)
{
    struct task *task = arg;
    struct node *node = task->node;
    (void)created;

    task->call = NULL;
    if (why) {
        note_refusal(task, why);
        upload_fail(task, why);
        return;
    }
    node->upload_error = 0;
    if (node->presence == NODE_GONE)
        node->parent->dir->fresh_until_ms = 0; /* another client's DELETE came between */
    else
        directory_note_stored(node, date);
    task_finish(task);
}

static void upload_send(struct task *task)
{
    struct handle *handle = task->handle;
    struct node *node = task->node;
    const unsigned char *data;
    size_t len;
    struct buffer scope;

    if (node->presence == NODE_GONE) { /* deleted while it was open: not written back */
        task_finish(task);
        return;
    }
    int err = value_payload(&handle->value, &data, &len);
    if (err) {
        upload_fail_errno(task, err, spoilt_message(err));
        return;
    }
    buffer_init(&scope, URL_MAX);
    struct failure why = {0};
    err = node_api_path(node->parent, &scope);
    if (err)
        failure_set(&why, err, "%s", strerror(-err));
    else
        err = call_put_secret(task->tree->github, scope.data, node->name, data, len,
            task->deadline_ms, upload_done, task, &task->call, &why);
    buffer_release(&scope);
    if (err)
        upload_fail(task, &why);
}

static void upload_have_turn(struct wait *wait)
{
    struct task *task = CONTAINER_OF(wait, struct task, wait);
    task->has_turn = true;
    upload_send(task);
}

static void upload_start(struct task *task)
{
    struct value *value = &task->handle->value;
    const unsigned char *data;
    size_t len = 0;

    /* An upload is tried once with what there is; a release must not try it again. */
    value->dirty = false;
    int err = value_payload(value, &data, &len);
    if (err) {
        upload_fail_errno(task, err, spoilt_message(err));
        return;
    }
    if (len == 0) { /* nothing written is nothing sent */
        task_finish(task);
        return;
    }
    task->is_upload = true;
    task->tree->uploads++;
    task->wait.done = upload_have_turn;
    if (node_take_turn(task->node, &task->wait) == 0) {
        task->has_turn = true;
        upload_send(task);
    }
}

/* What a writer that has failed wrote is no value. */
static void drop_failed(struct task *task, int wait_status)
{
    struct failure why;

    if (WIFSIGNALED(wait_status))
        failure_set(&why, -ECANCELED, "not stored: its writer was ended by signal %d (%s)",
            WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
    else
        failure_set(&why, -ECANCELED, "not stored: its writer failed with exit status %d",
            WEXITSTATUS(wait_status));
    (void)!value_truncate(&task->handle->value, 0);
    upload_fail(task, &why);
}

static void send_or_fail(struct task *task)
{
    int spoilt = task->handle->value.spoilt;
    if (spoilt)
        upload_fail_errno(task, spoilt, spoilt_message(spoilt));
    else
        upload_start(task);
}

void tree_flush(struct task *task, struct handle *handle)
{
    struct value *value = &handle->value;
    int wait_status;

    task->handle = handle;
    if (!value->dirty && !value->spoilt) {
        task_finish(task);
        return;
    }
    writers_note_flush(&handle->writers, task->tid);
    if (!value->spoilt && !writers_are_done(handle, task->tid))
        task_finish(task); /* the one who lets go of it last will see to it */
    else if (process_has_failed(task->tid, &wait_status))
        drop_failed(task, wait_status);
    else if (handle->writers.cut_short)
        drop_failed(task, handle->writers.cut_short);
    else
        send_or_fail(task);
}

void tree_fsync(struct task *task, struct handle *handle)
{
    const struct value *value = &handle->value;

    task->handle = handle;
    if (value->dirty || value->spoilt)
        send_or_fail(task);
    else if (handle->node->upload_error)
        task_fail_errno(
            task, handle->node->upload_error, "the last upload of this secret failed");
    else
        task_finish(task);
}

void tree_write(
    struct task *task, struct handle *handle, const void *data, size_t len, uint64_t offset)
{
    task->handle = handle;
    writers_add(&handle->writers, task->tid);
    int err = value_write(&handle->value, data, len, offset);
    if (err)
        task_fail_errno(task, err, spoilt_message(err));
    else if (task->tree->options.commit_on_write)
        upload_start(task);
    else
        task_finish(task);
}
