#include "sync/upload.h"

#include <assert.h>
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

/* Contract §3.6: for how long open answers with a refusal for want of permission. */
#define REFUSAL_TTL_MS 10000

struct upload {
    struct cleanup cleanup;  /* of the task */
    struct task *task;       /* on the entry */
    struct payload payload;  /* payload.staged is referenced */
    struct wait wait;        /* for the turn, then perhaps for the visibility */
    bool has_turn;           /* to change the entry */
    struct list *list;       /* of the repositories that are selected for the secret */
    struct call *call;       /* the PUT */
    uint64_t policy_seen_ms; /* loop_now_ms() when the server told the policy that is sent */
    enum visibility sent_visibility; /* in the PUT; VISIBILITY_NONE: the PUT has none */
    unsigned sent_generation;        /* of the policy that a PUT uses up or outdates; 0: none */
    size_t sent_len; /* bytes of the payload, with a line end that is not sent */
    bool is_paid;    /* the PUT is sent once more, after -ERESTART: see request.h */
};

void payload_is_stored(struct nodes *nodes, const struct payload *payload)
{
    if (payload->staged)
        staging_publish(nodes, payload->staged);
}

/* Not so is a 401, nor, without a status, a token that could not be read again: the next
 * request would have the token read again (contract §1.7). */
static bool is_for_want_of_permission(const struct failure *why)
{
    return (why->err == -EACCES || why->err == -EROFS) && why->status != 0 &&
           why->status != 401;
}

static void note_refusal(struct task *task, const struct failure *why)
{
    struct directory *dir = task->node->parent->dir;
    if (!is_for_want_of_permission(why))
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

void upload_is_lost(struct node *file, int err)
{
    file->upload_error = err == -EINTR ? -ECANCELED : err;
    file->stored_len = 0;
}

static void upload_abandon(struct cleanup *cleanup, int err, const char *why)
{
    const struct upload *upload = CONTAINER_OF(cleanup, struct upload, cleanup);
    struct node *node = upload->task->node;
    (void)why;

    upload_is_lost(node, err);
    if (upload->call)
        presence_doubted(node);
}

static void upload_undo(struct cleanup *cleanup)
{
    struct upload *upload = CONTAINER_OF(cleanup, struct upload, cleanup);
    struct task *task = upload->task;
    struct node *staged = upload->payload.staged;
    bool had_turn = upload->has_turn;

    wait_leave(&upload->wait);
    list_cancel(upload->list);
    call_cancel(upload->call);
    free(upload);
    if (staged)
        node_unref(&task->tree->nodes, staged);
    if (had_turn)
        node_give_turn(task->node); /* last: calls the waiter that gets the turn */
}

static void upload_finish(struct upload *upload)
{
    payload_is_stored(&upload->task->tree->nodes, &upload->payload);
    task_finish(upload->task);
}

/* The PUT was a success, so the server has the policy that was in the PUT. */
static void note_visibility(const struct upload *upload, struct node *node)
{
    struct node *policy_node = policy_of_secret(node);

    if (node->visibility != upload->sent_visibility) {
        node->old_visibility = node->visibility;
        node->before_change = node->mtime;
    }
    node->visibility = upload->sent_visibility;
    node->policy_seen_ms = loop_now_ms();
    if (policy_node && policy_is_held(policy_node) &&
        node_policy(policy_node)->generation == upload->sent_generation)
        policy_drop(upload->task->tree, policy_node); /* no newer policy waits for a PUT */
}

static void upload_send(struct upload *upload);

static void upload_done(void *arg, const struct failure *why, int64_t date, bool created)
{
    struct upload *upload = arg;
    struct task *task = upload->task;
    struct node *node = task->node;
    (void)created;

    upload->call = NULL;
    if (why && why->err == -ERESTART) {
        upload->is_paid = true;
        upload_send(upload);
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
    node->stored_len = upload->sent_len;
    if (upload->sent_visibility)
        note_visibility(upload, node);
    if (node->presence == NODE_GONE)
        node->parent->dir->fresh_until_ms = 0; /* seen as deleted during the PUT: ask anew */
    else
        presence_stored(node, date);
    upload_finish(upload);
}

/* The bytes to send. -ECANCELED: there are none, since the value was never written, or was
 * truncated to nothing since. */
static int payload_get(void *arg, const unsigned char **ret, size_t *ret_len)
{
    struct upload *upload = arg;
    const struct payload *payload = &upload->payload;

    upload->sent_len = payload->value ? payload->value->bytes.len : payload->len;
    if (!payload->value) {
        *ret = payload->data;
        *ret_len = payload->len;
        return 0;
    }
    int err = value_payload(payload->value, upload->task->tree->options.newline, ret, ret_len);
    return !err && *ret_len == 0 ? -ECANCELED : err;
}

/* Does the server have the entry, as far as is known? */
static bool is_stored(const struct node *node)
{
    return node->presence == NODE_HERE || node->presence == NODE_REPLACING;
}

static void upload_put(struct upload *upload, const struct secret_policy *policy)
{
    struct task *task = upload->task;
    struct node *node = task->node;
    struct buffer scope;
    struct failure why = {0};

    const struct store *store = node->parent->kind->store;
    put_call *put = is_stored(node) ? store->update : store->put;
    int err = node_api_path_below(node->parent, NULL, 0, &scope);
    if (err)
        failure_set(&why, err, "%s", strerror(-err));
    else
        err = put(task->tree->github, scope.data, node->name, payload_get, policy,
            task->deadline_ms, upload_done, upload, &upload->call, &why);
    buffer_release(&scope);
    upload->sent_visibility = policy ? policy->visibility : VISIBILITY_NONE;
    if (err)
        upload_fail(task, &why);
}

/* Sends the policy that the server told, `ids` being the selected repositories: a PUT without
 * `ids` would make the server's selection empty. */
static void upload_put_seen(
    struct upload *upload, enum visibility visibility, const int64_t *ids, size_t count)
{
    const struct secret_policy policy = {
        .visibility = visibility,
        .ids = ids,
        .id_count = count,
        .good_until_ms = upload->policy_seen_ms + POLICY_TRUST_MS,
        .is_paid = upload->is_paid,
    };
    upload_put(upload, &policy);
}

static void upload_have_selected(
    void *arg, const struct failure *why, const struct rows *rows, struct etags *etags)
{
    struct upload *upload = arg;
    (void)etags;

    upload->list = NULL;
    if (why) {
        upload_fail(upload->task, why);
        return;
    }
    int64_t *ids = calloc(rows->count ? rows->count : 1, sizeof *ids);
    if (!ids) {
        upload_fail_errno(upload->task, -ENOMEM, strerror(ENOMEM));
        return;
    }
    for (size_t i = 0; i < rows->count; i++)
        ids[i] = rows->row[i].id;
    upload->policy_seen_ms = loop_now_ms();
    upload_put_seen(upload, VISIBILITY_SELECTED, ids, rows->count);
    free(ids);
}

static void upload_with_held(struct upload *upload, const struct policy *held)
{
    const struct selection *selection = &held->selection;
    int64_t *ids = calloc(selection->count ? selection->count : 1, sizeof *ids);

    if (!ids) {
        upload_fail_errno(upload->task, -ENOMEM, strerror(ENOMEM));
        return;
    }
    upload->sent_generation = held->generation;
    for (size_t i = 0; i < selection->count; i++)
        ids[i] = selection->repository[i].id;
    const struct secret_policy policy = {
        .visibility = held->visibility,
        .ids = ids,
        .id_count = held->visibility == VISIBILITY_SELECTED ? selection->count : 0,
        .is_paid = upload->is_paid,
    };
    upload_put(upload, &policy);
    free(ids);
}

/* A PUT of an organization's secret must say who may use the secret. The PUT sends the policy
 * that is prepared or held, or else the server's. */
static void upload_with_policy(struct upload *upload, bool exists)
{
    struct task *task = upload->task;
    struct node *node = task->node;
    const struct node *policy_node = policy_of_secret(node);
    const struct policy *held = policy_node ? node_policy(policy_node) : NULL;
    enum visibility visibility = exists ? node->visibility : task->tree->options.visibility;

    if (held && (exists || held->prepared)) {
        upload_with_held(upload, held);
        return;
    }
    if (held) /* for a secret that is gone: the PUT of another secret drops the policy */
        upload->sent_generation = held->generation;
    if (visibility == VISIBILITY_NONE) {
        upload_fail_errno(task, -EPROTO, "the server does not say who may use it");
    } else if (exists && visibility == VISIBILITY_SELECTED) {
        int err = policy_fetch_selected(task->tree, node->parent, node->name, task->deadline_ms,
            upload_have_selected, upload, &upload->list);
        if (err)
            upload_fail_errno(task, err, strerror(-err));
    } else {
        upload_put_seen(upload, visibility, NULL, 0);
    }
}

static void upload_have_visibility(struct upload *upload)
{
    const struct node *node = upload->task->node;
    int err = upload->wait.failure.err;
    /* Reads lag: an entry that this mount stored a moment ago exists in spite of ENOENT. */
    bool is_absent = err == -ENOENT && loop_now_ms() >= node->written_until_ms;

    if (err && err != -ENOENT)
        upload_fail(upload->task, &upload->wait.failure);
    else
        upload_with_policy(upload, is_stored(node) && !is_absent);
}

static void upload_visibility_read(struct wait *wait)
{
    struct upload *upload = CONTAINER_OF(wait, struct upload, wait);
    upload->policy_seen_ms = loop_now_ms();
    upload_have_visibility(upload);
}

void upload_tell_removed(const struct task *task)
{
    struct failure why;
    failure_set(&why, -ESTALE, "not stored: the file was removed while it was open");
    failures_add_at(&task->tree->failures, task->operation, task->node, "", &why);
}

static void upload_send(struct upload *upload)
{
    struct task *task = upload->task;
    struct node *node = task->node;
    struct node *secrets = node->parent;
    uint64_t age_ms;

    if (node->presence == NODE_GONE) {
        upload_tell_removed(task);
        task_finish(task);
    } else if (!secrets->kind->store->has_policy) {
        upload_put(upload, NULL);
    } else if (policy_was_seen(task->tree, node, &age_ms)) {
        upload->policy_seen_ms = loop_now_ms() - age_ms;
        upload->wait.failure.err = 0;
        upload_have_visibility(upload);
    } else {
        upload->wait.done = upload_visibility_read;
        wait_then(
            &upload->wait, listing_want_one(task->tree, secrets, node->name, &upload->wait));
    }
}

static void upload_have_turn(struct wait *wait)
{
    struct upload *upload = CONTAINER_OF(wait, struct upload, wait);
    upload->has_turn = true;
    upload_send(upload);
}

/* The task owns the upload from here on. NULL without memory. */
static struct upload *upload_new(struct task *task, const struct payload *payload)
{
    struct upload *upload = calloc(1, sizeof *upload);
    if (!upload)
        return NULL;
    upload->cleanup = (struct cleanup){.undo = upload_undo, .abandon = upload_abandon};
    upload->task = task;
    upload->payload = *payload;
    if (payload->staged)
        node_ref(payload->staged);
    upload->wait.deadline_ms = task->deadline_ms;
    cleanup_push(&task->cleanups, &upload->cleanup);
    return upload;
}

void upload_start(struct task *task, const struct payload *payload)
{
    struct upload *upload = upload_new(task, payload);
    const unsigned char *data;
    size_t len;

    assert(node_is_entry(task->node));
    if (!upload) {
        upload_fail_errno(task, -ENOMEM, strerror(ENOMEM));
        return;
    }
    int err = payload_get(upload, &data, &len);
    if (err == -ECANCELED) { /* contract §3.13 */
        upload_finish(upload);
        return;
    }
    if (err) {
        upload_fail_errno(task, err, value_problem(payload->value, err));
        return;
    }
    task_counts_as_upload(task);
    upload->wait.done = upload_have_turn;
    wait_then(&upload->wait, node_take_turn(task->node, &upload->wait));
}
