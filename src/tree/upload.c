#include <errno.h>
#include <sys/wait.h>

#include "base/container.h"
#include "base/process.h"
#include "github/url.h"
#include "tree/directory.h"
#include "tree/listing.h"
#include "tree/operations.h"
#include "tree/policy.h"
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

/* A writer that never looks at close's error is told on its standard error. */
static void upload_fail(struct task *task, const struct failure *why)
{
    task->node->upload_error = why->err;
    task->notice_fd = task->handle->notice_fd;
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
    if (task->sent_visibility) {
        struct node *policy_node = policy_of_secret(node);
        node->visibility = task->sent_visibility;
        if (policy_node && policy_is_held(policy_node) &&
            policy_node->policy->generation == task->sent_generation)
            policy_drop(task->tree, policy_node); /* nothing was written meanwhile */
    }
    task_finish(task);
}

static void upload_put(struct task *task, const struct secret_policy *policy)
{
    struct node *node = task->node;
    const unsigned char *data;
    size_t len;
    struct buffer scope;
    struct failure why = {0};

    int err = value_payload(&task->handle->value, &data, &len);
    if (err) {
        upload_fail_errno(task, err, spoilt_message(err));
        return;
    }
    buffer_init(&scope, URL_MAX);
    err = node_api_path(node->parent, &scope);
    if (err)
        failure_set(&why, err, "%s", strerror(-err));
    else
        err = call_put_secret(task->tree->github, scope.data, node->name, data, len, policy,
            task->deadline_ms, upload_done, task, &task->call, &why);
    buffer_release(&scope);
    task->sent_visibility = policy ? policy->visibility : VISIBILITY_NONE;
    if (err)
        upload_fail(task, &why);
}

/* With the ids of a selection, in the same PUT: omitted, the server would empty its list. */
static void upload_put_selected(struct task *task, const int64_t *ids, size_t count)
{
    const struct secret_policy policy = {
        .visibility = VISIBILITY_SELECTED, .ids = ids, .id_count = count};
    upload_put(task, &policy);
}

static void upload_have_selected(
    void *arg, const struct failure *why, const struct rows *rows, struct etags *etags)
{
    struct task *task = arg;
    (void)etags;

    task->list = NULL;
    if (why) {
        upload_fail(task, why);
        return;
    }
    int64_t *ids = calloc(rows->count ? rows->count : 1, sizeof *ids);
    if (!ids) {
        upload_fail_errno(task, -ENOMEM, strerror(ENOMEM));
        return;
    }
    for (size_t i = 0; i < rows->count; i++)
        ids[i] = rows->row[i].id;
    upload_put_selected(task, ids, rows->count);
    free(ids);
}

/* What was prepared or held for it, sent with the value. */
static void upload_with_held(struct task *task, const struct policy *held)
{
    const struct selection *selection = &held->selection;
    int64_t *ids = calloc(selection->count ? selection->count : 1, sizeof *ids);

    if (!ids) {
        upload_fail_errno(task, -ENOMEM, strerror(ENOMEM));
        return;
    }
    task->sent_generation = held->generation;
    for (size_t i = 0; i < selection->count; i++)
        ids[i] = selection->repository[i].id;
    const struct secret_policy policy = {
        .visibility = held->held,
        .ids = ids,
        .id_count = held->held == VISIBILITY_SELECTED ? selection->count : 0,
    };
    upload_put(task, &policy);
    free(ids);
}

/* An organization's secret keeps who may use it: that is read first, and goes with the PUT. */
static void upload_with_policy(struct task *task)
{
    struct node *node = task->node;
    struct node *policy_node = policy_of_secret(node);
    bool exists = node->presence == NODE_HERE || node->replaces;
    struct secret_policy policy = {.visibility = task->tree->options.visibility};

    if (policy_node && policy_is_held(policy_node)) {
        upload_with_held(task, policy_node->policy);
        return;
    }
    if (exists)
        policy.visibility = node->visibility;
    if (policy.visibility == VISIBILITY_NONE) {
        upload_fail_errno(task, -EPROTO, "the server does not say who may use it");
    } else if (exists && policy.visibility == VISIBILITY_SELECTED) {
        int err =
            policy_fetch_selected(node->parent->parent, node->name, task, upload_have_selected);
        if (err)
            upload_fail_errno(task, err, strerror(-err));
    } else {
        upload_put(task, &policy);
    }
}

static void upload_have_visibility(struct wait *wait)
{
    struct task *task = CONTAINER_OF(wait, struct task, wait);
    if (wait->failure.err && wait->failure.err != -ENOENT)
        upload_fail(task, &wait->failure);
    else
        upload_with_policy(task);
}

static void upload_send(struct task *task)
{
    struct node *node = task->node;
    struct node *secrets = node->parent;

    if (node->presence == NODE_GONE) { /* deleted while it was open: not written back */
        task_finish(task);
        return;
    }
    if (!secrets->kind->has_policy) {
        upload_put(task, NULL);
        return;
    }
    task->wait.done = upload_have_visibility;
    /* Not from a listing: another hand may have changed it since. */
    int err = node->presence == NODE_HERE
                  ? listing_want_one(task->tree, secrets, node->name, &task->wait)
                  : 0;
    if (err == -EINPROGRESS)
        return;
    task->wait.failure.err = err;
    upload_have_visibility(&task->wait);
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
        failure_set(&why, -ECANCELED, "the writer was ended by signal %d (%s)",
            WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
    else
        failure_set(&why, -ECANCELED, "the writer failed with exit status %d",
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

/* Is it open more than once, by one process or by one and what it inherited from another? */
static bool opened_twice(const struct handle *handle)
{
    unsigned handles = 0;
    for (const struct handle *h = handle->tree->handles; h; h = h->next)
        handles += h->node == handle->node && h->writers.opener == handle->writers.opener;
    return handles > 1 || (handle->beside_another && handle->node->writers > 1);
}

static bool is_last_flush(const struct task *task)
{
    const struct handle *handle = task->handle;
    return writers_are_done(
        &handle->writers, handle->node->ino, opened_twice(handle), task->tid);
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
    if (!value->spoilt && !is_last_flush(task))
        task_finish(task); /* the one who lets go of it last will see to it */
    else if (process_has_failed(task->tid, &wait_status))
        drop_failed(task, wait_status);
    else if (writers_were_cut_short(&handle->writers, &wait_status))
        drop_failed(task, wait_status);
    else
        send_or_fail(task);
}

/* What the kernel closed without a flush that was the last by our lights. */
struct release {
    struct task task;
    struct handle *handle;
};

static void released(struct task *task, int err)
{
    struct release *release = CONTAINER_OF(task, struct release, task);
    (void)err; /* told in `errors`: nobody waits */
    handle_close(release->handle);
    free(release);
}

void tree_release(struct handle *handle)
{
    int wait_status;
    struct release *release = NULL;

    if (handle->value.dirty && !handle->value.spoilt &&
        !writers_were_cut_short(&handle->writers, &wait_status))
        release = calloc(1, sizeof *release);
    if (!release) {
        handle_close(handle);
        return;
    }
    release->handle = handle;
    task_init(&release->task, handle->tree, handle->node, "write", released);
    release->task.handle = handle;
    upload_start(&release->task);
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
