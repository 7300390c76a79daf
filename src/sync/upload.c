#include "sync/upload.h"

#include <errno.h>

#include "base/container.h"
#include "base/process.h"
#include "github/url.h"
#include "nodes/node.h"
#include "nodes/presence.h"
#include "nodes/staging.h"
#include "nodes/tree.h"
#include "sync/listing.h"
#include "sync/policy.h"

/* Contract §3.6: so long is a refusal for want of permission open's answer. */
#define REFUSAL_TTL_MS 10000

static void note_refusal(struct task *task, const struct failure *why)
{
    struct directory *dir = task->node->parent->dir;
    if (why->err != -EACCES && why->err != -EROFS)
        return;
    dir->refusal = *why;
    dir->refused_until_ms = loop_now_ms() + REFUSAL_TTL_MS;
    dir->refused_generation = github_token_generation(task->tree->github);
}

void upload_fail(struct task *task, const struct failure *why)
{
    task->node->upload_error = why->err;
    presence_failed_write(task->node, process_group_of(task->tid), why->err);
    task_fail(task, why);
}

void upload_fail_errno(struct task *task, int err, const char *message)
{
    struct failure why;
    failure_set(&why, err, "%s", message);
    upload_fail(task, &why);
}

void upload_finish(struct task *task)
{
    if (task->staged)
        staging_publish(&task->tree->nodes, task->staged);
    task_finish(task);
}

/* What was sent with the value is what the server has. */
static void note_visibility(struct task *task, struct node *node)
{
    struct node *policy_node = policy_of_secret(node);

    if (node->visibility != task->sent_visibility) {
        node->old_visibility = node->visibility;
        node->before_change = node->mtime;
    }
    node->visibility = task->sent_visibility;
    node->policy_seen_ms = loop_now_ms();
    if (policy_node && policy_is_held(policy_node) &&
        policy_node->policy->generation == task->sent_generation)
        policy_drop(task->tree, policy_node); /* nothing was written meanwhile */
}

static void upload_send(struct task *task);

static void upload_done(void *arg, const struct failure *why, int64_t date, bool created)
{
    struct task *task = arg;
    struct node *node = task->node;
    (void)created;

    task->call = NULL;
    if (why && why->err == -ERESTART) {
        task->is_paid = true;
        upload_send(task);
        return;
    }
    if (why) {
        if (why->status / 100 != 4)
            presence_doubted(node);
        note_refusal(task, why);
        upload_fail(task, why);
        return;
    }
    node->upload_error = 0;
    node->stored_len = task->sent_len;
    if (task->sent_visibility)
        note_visibility(task, node);
    if (node->presence == NODE_GONE)
        node->parent->dir->fresh_until_ms = 0; /* another client's DELETE came between */
    else
        presence_stored(node, date);
    upload_finish(task);
}

/* -ECANCELED: nothing is written, or no more. */
static int payload_get(void *arg, const unsigned char **ret, size_t *ret_len)
{
    struct task *task = arg;
    const struct payload *payload = &task->payload;

    task->sent_len = payload->value ? payload->value->bytes.len : payload->len;
    if (!payload->value) {
        *ret = payload->data;
        *ret_len = payload->len;
        return 0;
    }
    int err = value_payload(payload->value, task->tree->options.newline, ret, ret_len);
    return !err && *ret_len == 0 ? -ECANCELED : err;
}

static void upload_put(struct task *task, const struct secret_policy *policy)
{
    struct node *node = task->node;
    struct buffer scope;
    struct failure why = {0};

    buffer_init(&scope, URL_MAX);
    int err = node_api_path(node->parent, &scope);
    if (err)
        failure_set(&why, err, "%s", strerror(-err));
    else
        err = call_put_secret(task->tree->github, scope.data, node->name, payload_get, policy,
            task->deadline_ms, upload_done, task, &task->call, &why);
    buffer_release(&scope);
    task->sent_visibility = policy ? policy->visibility : VISIBILITY_NONE;
    if (err)
        upload_fail(task, &why);
}

/* What the server said of who may use it. The ids of a selection go in the same PUT: omitted,
 * the server would empty its list. */
static void upload_put_seen(
    struct task *task, enum visibility visibility, const int64_t *ids, size_t count)
{
    const struct secret_policy policy = {
        .visibility = visibility,
        .ids = ids,
        .id_count = count,
        .good_until_ms = task->policy_seen_ms + POLICY_TRUST_MS,
        .is_paid = task->is_paid,
    };
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
    task->policy_seen_ms = loop_now_ms();
    upload_put_seen(task, VISIBILITY_SELECTED, ids, rows->count);
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
        .is_paid = task->is_paid,
    };
    upload_put(task, &policy);
    free(ids);
}

/* An organization's secret keeps who may use it: that is read first, and goes with the PUT. */
static void upload_with_policy(struct task *task, bool exists)
{
    struct node *node = task->node;
    const struct node *policy_node = policy_of_secret(node);
    const struct policy *held = policy_node ? policy_node->policy : NULL;
    enum visibility visibility = exists ? node->visibility : task->tree->options.visibility;

    if (held && (exists || held->prepared)) {
        upload_with_held(task, held);
        return;
    }
    if (held) /* for a secret that is gone: dropped once there is another */
        task->sent_generation = held->generation;
    if (visibility == VISIBILITY_NONE) {
        upload_fail_errno(task, -EPROTO, "the server does not say who may use it");
    } else if (exists && visibility == VISIBILITY_SELECTED) {
        int err =
            policy_fetch_selected(node->parent->parent, node->name, task, upload_have_selected);
        if (err)
            upload_fail_errno(task, err, strerror(-err));
    } else {
        upload_put_seen(task, visibility, NULL, 0);
    }
}

static void upload_have_visibility(struct task *task)
{
    const struct node *node = task->node;
    int err = task->wait.failure.err;
    /* Reads lag: what was stored here a moment ago is there all the same. */
    bool is_absent = err == -ENOENT && loop_now_ms() >= node->written_until_ms;
    bool exists = node->presence == NODE_HERE || node->presence == NODE_REPLACING;

    if (err && err != -ENOENT)
        upload_fail(task, &task->wait.failure);
    else
        upload_with_policy(task, exists && !is_absent);
}

static void upload_visibility_read(struct wait *wait)
{
    struct task *task = CONTAINER_OF(wait, struct task, wait);
    task->policy_seen_ms = loop_now_ms();
    upload_have_visibility(task);
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
    uint64_t age_ms;
    int err = 0;
    task->wait.done = upload_visibility_read;
    if (!policy_was_seen(task->tree, node, &age_ms))
        err = listing_want_one(task->tree, secrets, node->name, &task->wait);
    if (err == -EINPROGRESS)
        return;
    task->policy_seen_ms = loop_now_ms() - age_ms;
    task->wait.failure.err = err;
    upload_have_visibility(task);
}

static void upload_have_turn(struct wait *wait)
{
    struct task *task = CONTAINER_OF(wait, struct task, wait);
    task->has_turn = true;
    upload_send(task);
}

void upload_start(struct task *task)
{
    const unsigned char *data;
    size_t len;

    int err = payload_get(task, &data, &len);
    if (err == -ECANCELED) { /* nothing written is nothing sent */
        upload_finish(task);
        return;
    }
    if (err) {
        upload_fail_errno(task, err, value_problem(task->payload.value, err));
        return;
    }
    task_counts_as_upload(task);
    task->written = task->node;
    task->wait.done = upload_have_turn;
    if (node_take_turn(task->node, &task->wait) == 0) {
        task->has_turn = true;
        upload_send(task);
    }
}
