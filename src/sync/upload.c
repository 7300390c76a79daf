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
    struct cleanup cleanup;    /* of the task */
    struct task *task;         /* on the entry */
    struct payload payload;    /* payload.staged is referenced */
    struct wait wait;          /* for the turn, then perhaps for the visibility */
    bool has_turn;             /* to change the entry */
    struct list *list;         /* of the repositories that are selected for the secret */
    struct call *call;         /* the PUT */
    uint64_t policy_seen_ms;   /* loop_now_ms() when the server told the policy that is sent */
    struct selection selected; /* the repositories, as the server told them */
    uint64_t selected_seen_ms; /* loop_now_ms() when the server told them; 0: not at all */
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
    selection_release(&upload->selected);
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
    if (node->visibility != upload->sent_visibility) {
        node->old_visibility = node->visibility;
        node->before_change = node->mtime;
    }
    node->visibility = upload->sent_visibility;
    node->policy_seen_ms = loop_now_ms();
    policy_stored(upload->task->tree, node, upload->sent_generation);
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
        upload->selected_seen_ms = 0;
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

/* Until when what the server told may be sent back. */
static uint64_t good_until_ms(const struct upload *upload)
{
    uint64_t seen_ms = upload->policy_seen_ms;
    if (upload->selected_seen_ms && upload->selected_seen_ms < seen_ms)
        seen_ms = upload->selected_seen_ms;
    return seen_ms + POLICY_TRUST_MS;
}

/* The ids go in the same PUT: a PUT without ids would make the server's selection empty. */
static void upload_put_with(
    struct upload *upload, enum visibility visibility, const struct selection *selection)
{
    int64_t *ids = selection_ids(selection);
    const struct secret_policy policy = {
        .visibility = visibility,
        .ids = ids,
        .id_count = selection->count,
        .good_until_ms = good_until_ms(upload),
        .is_paid = upload->is_paid,
    };
    if (ids)
        upload_put(upload, &policy);
    else
        upload_fail_errno(upload->task, -ENOMEM, strerror(ENOMEM));
    free(ids);
}

/* Sends the server's selection, if that is to be kept, with the changes of `held` (or NULL). */
static void upload_put_selected(
    struct upload *upload, const struct policy *held, bool keeps_list)
{
    static const struct selection none = {0};
    struct selection selection;

    int err = selection_change(keeps_list ? &upload->selected : &none,
        held ? &held->selection : &none, held ? &held->removed : &none, &selection);
    if (err) {
        upload_fail_errno(upload->task, err, strerror(-err));
        return;
    }
    upload_put_with(upload, VISIBILITY_SELECTED, &selection);
    selection_release(&selection);
}

static void upload_have_visibility(struct upload *upload);

static void upload_have_selected(
    void *arg, const struct failure *why, const struct rows *rows, struct etags *etags)
{
    struct upload *upload = arg;
    int err = 0;
    (void)etags;

    upload->list = NULL;
    if (why) {
        upload_fail(upload->task, why);
        return;
    }
    selection_release(&upload->selected);
    for (size_t i = 0; !err && i < rows->count; i++)
        err = selection_add(&upload->selected, rows->row[i].name, rows->row[i].id);
    upload->selected_seen_ms = loop_now_ms();
    if (err)
        upload_fail_errno(upload->task, err, strerror(-err));
    else if (loop_now_ms() < upload->policy_seen_ms + POLICY_TRUST_MS)
        upload_have_visibility(upload);
    else
        upload_send(upload); /* the list took long: is the visibility still `selected`? */
}

static void upload_read_selected(struct upload *upload)
{
    struct task *task = upload->task;
    int err = policy_fetch_selected(task->tree, task->node->parent, task->node->name,
        task->deadline_ms, upload_have_selected, upload, &upload->list);
    if (err)
        upload_fail_errno(task, err, strerror(-err));
}

/* The prepared or held policy that is to go with the value; NULL: none. */
static struct policy *upload_held(struct upload *upload, bool exists)
{
    const struct node *node = upload->task->node;

    if (exists)
        policy_secret_seen(&upload->task->tree->nodes, node);
    const struct node *policy_node = policy_of_secret(node);
    struct policy *held = policy_node ? node_policy(policy_node) : NULL;
    upload->sent_generation = held ? held->generation : 0;
    /* For a secret that is gone: the PUT of another secret drops the policy. */
    return held && exists != held->prepared ? held : NULL;
}

/* A PUT of an organization's secret must say who may use the secret. The PUT sends the policy
 * that is prepared or held, or else the server's. */
static void upload_with_policy(struct upload *upload, bool exists)
{
    const struct task *task = upload->task;
    const struct node *node = task->node;
    struct policy *held = upload_held(upload, exists);
    enum visibility visibility = held     ? held->visibility
                                 : exists ? node->visibility
                                          : task->tree->options.visibility;
    bool keeps_list = exists && policy_keeps_list(held, node);
    bool has_list =
        upload->selected_seen_ms && loop_now_ms() < upload->selected_seen_ms + POLICY_TRUST_MS;

    if (!keeps_list)
        upload->selected_seen_ms = 0;
    if (held && held->prepared)
        held->was_sent = true;
    if (visibility == VISIBILITY_NONE)
        upload_fail_errno(upload->task, -EPROTO, "the server does not say who may use it");
    else if (visibility != VISIBILITY_SELECTED)
        upload_put_with(upload, visibility, &(struct selection){0});
    else if (keeps_list && !has_list)
        upload_read_selected(upload);
    else
        upload_put_selected(upload, held, keeps_list);
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
