#include "github/call.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>

#include "base/container.h"
#include "github/key.h"
#include "github/request.h"
#include "github/url.h"

struct call {
    struct github *gh;
    struct request *request;
    struct wait key_wait;
    enum endpoint endpoint; /* of the first request; says which of `done` is set */
    char *scope, *path;
    enum row_kind kind;
    uint64_t deadline_ms;
    char *policy;                  /* of a PUT: members of its JSON object, or NULL */
    uint64_t policy_good_until_ms; /* request_options.good_until_ms */
    bool is_paid;                  /* request_options.is_paid, of the first request only */
    put_value *value;              /* of a PUT: gives the value, which may be sealed twice */
    char key_id[64];               /* of the key that the value was sealed with */
    bool resealed;                 /* the value was sealed again, after a stale key */
    bool impatient;                /* request_options.impatient */
    bool maybe_absent;             /* of a DELETE: call_delete_secret()'s */
    union {
        get_done *get;
        put_done *put;
        delete_done *delete;
    } done;
    void *arg;
};

static void call_free(struct call *call)
{
    wait_leave(&call->key_wait);
    request_cancel(call->request);
    free(call->policy);
    free(call->scope);
    free(call->path);
    free(call);
}

void call_cancel(struct call *call)
{
    if (call)
        call_free(call);
}

static int call_new(struct github *gh, enum endpoint endpoint, const char *path,
    uint64_t deadline_ms, void *arg, struct call **ret)
{
    struct call *call = calloc(1, sizeof *call);
    if (!call)
        return -ENOMEM;
    call->gh = gh;
    call->endpoint = endpoint;
    call->deadline_ms = deadline_ms;
    call->arg = arg;
    call->path = strdup(path);
    if (!call->path) {
        call_free(call);
        return -ENOMEM;
    }
    *ret = call;
    return 0;
}

static int call_send(struct call *call, const char *body, request_done *done)
{
    assert(!call->request);
    struct request_options options = {
        .endpoint = call->endpoint,
        .path = call->path,
        .body = body,
        .deadline_ms = call->deadline_ms,
        .impatient = call->impatient,
        .good_until_ms = call->policy_good_until_ms,
        .is_paid = call->is_paid,
    };
    call->is_paid = false;
    return request_start(call->gh, &options, done, call, &call->request);
}

static int secret_path(const char *scope, const char *name, char **ret)
{
    struct buffer path;
    buffer_init(&path, URL_MAX);
    int err = buffer_add_string(&path, scope);
    if (!err)
        err = url_add_path(&path, &name, 1);
    if (err)
        buffer_release(&path);
    else
        *ret = buffer_steal(&path);
    return err;
}

static int call_new_put(struct github *gh, const char *scope, const char *name,
    uint64_t deadline_ms, void *arg, struct call **ret)
{
    char *path = NULL;
    int err = secret_path(scope, name, &path);
    if (!err)
        err = call_new(gh, ENDPOINT_PUT_SECRET, path, deadline_ms, arg, ret);
    free(path);
    return err;
}

/* GET */

static void get_answered(
    void *arg, const struct failure *why, const struct http_response *response)
{
    struct call *call = arg;
    get_done *done = call->done.get;
    void *done_arg = call->arg;
    struct failure failure = {0};
    struct rows rows = {0};

    assert(call->endpoint == ENDPOINT_ONE);
    call->request = NULL;
    if (why) {
        failure = *why;
    } else {
        const struct buffer *body = &response->body;
        int err = rows_parse_one(body->data ? body->data : "", body->len, call->kind, &rows);
        if (err)
            failure_set(&failure, err, "%s: not the JSON that the API describes", call->path);
    }
    call_free(call);
    done(done_arg, failure.err ? &failure : NULL, rows.row);
    rows_release(&rows);
}

static int get_send(struct github *gh, const char *path, enum row_kind kind, bool impatient,
    uint64_t deadline_ms, get_done *done, void *arg, struct call **ret)
{
    struct call *call = NULL;
    int err = call_new(gh, ENDPOINT_ONE, path, deadline_ms, arg, &call);
    if (err)
        return err;
    call->kind = kind;
    call->impatient = impatient;
    call->done.get = done;
    err = call_send(call, NULL, get_answered);
    if (err)
        call_free(call);
    else
        *ret = call;
    return err;
}

int call_get(struct github *gh, const char *path, enum row_kind kind, uint64_t deadline_ms,
    get_done *done, void *arg, struct call **ret)
{
    return get_send(gh, path, kind, false, deadline_ms, done, arg, ret);
}

int call_get_user(
    struct github *gh, uint64_t deadline_ms, get_done *done, void *arg, struct call **ret)
{
    return get_send(gh, "/user", ROW_ACCOUNT, true, deadline_ms, done, arg, ret);
}

/* PUT */

static int put_send(struct call *call);

static void put_finish(struct call *call, const struct failure *why, int64_t date, bool created)
{
    put_done *done = call->done.put;
    void *arg = call->arg;
    const struct failure copy = why ? *why : (struct failure){0};

    assert(call->endpoint == ENDPOINT_PUT_SECRET);
    call_free(call);
    done(arg, why ? &copy : NULL, date, created);
}

static void put_fail(struct call *call, int err)
{
    struct failure why;
    failure_set(&why, err, "%s", strerror(-err));
    put_finish(call, &why, -1, false);
}

static void put_have_key(struct wait *wait)
{
    struct call *call = CONTAINER_OF(wait, struct call, key_wait);
    int err = wait->failure.err;
    if (err) {
        put_finish(call, &wait->failure, -1, false);
        return;
    }
    err = put_send(call);
    if (err)
        put_fail(call, err);
}

/* The key, then the PUT. */
static int put_step(struct call *call)
{
    call->key_wait.done = put_have_key;
    call->key_wait.deadline_ms = call->deadline_ms;
    int err = key_want(call->gh, call->scope, &call->key_wait);
    if (err == 0)
        err = put_send(call);
    return err == -EINPROGRESS ? 0 : err;
}

/* A 422 also answers a wrong name or value. Only the words tell that GitHub means the key. */
static bool key_may_be_stale(const struct call *call, const struct failure *why)
{
    return why->status == 422 && !call->resealed &&
           (strcasestr(why->message, "key") || strcasestr(why->message, "encrypt"));
}

static void put_answered(
    void *arg, const struct failure *why, const struct http_response *response)
{
    struct call *call = arg;

    call->request = NULL;
    if (!why) {
        put_finish(call, NULL, response->date, response->status == 201);
        return;
    }
    if (key_may_be_stale(call, why)) {
        call->resealed = true;
        key_is_stale(call->gh, call->scope, call->key_id);
        int err = put_step(call);
        if (err && call->key_wait.failure.err)
            put_finish(call, &call->key_wait.failure, -1, false);
        else if (err)
            put_fail(call, err);
        return;
    }
    struct failure failure = *why;
    /* Contract §5.3: the scope was there when the key was fetched, so this is a permission. */
    if (failure.status == 404)
        failure.err = -EACCES;
    put_finish(call, &failure, -1, false);
}

/* The body of a PUT. Base64 needs no escaping, but the key's id may. */
static char *put_body(const struct call *call, const char *sealed)
{
    char *body = NULL;
    struct json_object *id = json_object_new_string(call->key_id);
    if (!id)
        return NULL;
    if (asprintf(&body, "{\"encrypted_value\":\"%s\",\"key_id\":%s%s}", sealed,
            json_object_to_json_string_ext(
                id, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
            call->policy ? call->policy : "") < 0)
        body = NULL;
    json_object_put(id);
    return body;
}

/* ,"visibility":"selected","selected_repository_ids":[1,2] */
static int set_policy(struct call *call, const struct secret_policy *policy)
{
    struct buffer text;
    /* An id has at most 20 characters with its comma. */
    buffer_init(&text, 100 + 20 * policy->id_count);
    int err =
        buffer_printf(&text, ",\"visibility\":\"%s\"", visibility_name(policy->visibility));
    if (!err && policy->visibility == VISIBILITY_SELECTED) {
        err = buffer_add_string(&text, ",\"selected_repository_ids\":");
        if (!err)
            err = call_add_ids(&text, policy->ids, policy->id_count);
    }
    if (err)
        buffer_release(&text);
    else
        call->policy = buffer_steal(&text);
    call->policy_good_until_ms = policy->good_until_ms;
    call->is_paid = policy->is_paid;
    return err;
}

static int put_send(struct call *call)
{
    const char *id = NULL;
    const struct seal_key *key = key_fresh(call->gh, call->scope, &id);
    const unsigned char *value;
    size_t len;
    char *sealed = NULL;
    if (!key || !text_copy(call->key_id, sizeof call->key_id, id))
        return -EIO;
    int err = call->value(call->arg, &value, &len);
    if (!err)
        err = seal_value(key, value, len, &sealed);
    if (err)
        return err;
    char *body = put_body(call, sealed);
    err = body ? call_send(call, body, put_answered) : -ENOMEM;
    free(sealed);
    free(body);
    return err;
}

int call_put_secret(struct github *gh, const char *scope, const char *name, put_value *value,
    const struct secret_policy *policy, uint64_t deadline_ms, put_done *done, void *arg,
    struct call **ret, struct failure *why)
{
    struct call *call = NULL;
    int err = call_new_put(gh, scope, name, deadline_ms, arg, &call);
    if (err) {
        failure_set(why, err, "%s", strerror(-err));
        return err;
    }
    call->done.put = done;
    call->value = value;
    call->scope = strdup(scope);
    err = call->scope ? 0 : -ENOMEM;
    if (!err && policy)
        err = set_policy(call, policy);
    if (!err)
        err = put_step(call);
    if (err) {
        *why = call->key_wait.failure;
        if (!why->err)
            failure_set(why, err, "%s", strerror(-err));
        call_free(call);
        return err;
    }
    *ret = call;
    return 0;
}

int call_add_ids(struct buffer *body, const int64_t *ids, size_t count)
{
    int err = buffer_add_string(body, "[");
    for (size_t i = 0; !err && i < count; i++)
        err = buffer_printf(body, "%s%" PRId64, i ? "," : "", ids[i]);
    return err ? err : buffer_add_string(body, "]");
}

/* DELETE, and every PUT without a value */

static void delete_end(struct call *call, const struct failure *why)
{
    delete_done *done = call->done.delete;
    void *arg = call->arg;

    assert(call->endpoint >= ENDPOINT_DELETE_SECRET && call->endpoint < ENDPOINT_COUNT);
    call_free(call);
    done(arg, why);
}

static void collection_answered(
    void *arg, const struct failure *why, const struct http_response *response)
{
    struct call *call = arg;
    struct failure failure;
    char message[2 * FAILURE_MESSAGE_SIZE];
    (void)response;

    call->request = NULL;
    if (why) {
        failure = *why;
        if (failure.err == -ENOENT)
            failure.err = -EACCES;
        snprintf(message, sizeof message, "perhaps not deleted: %s", why->message);
        text_printable(failure.message, sizeof failure.message, message, strlen(message));
    }
    delete_end(call, why ? &failure : NULL);
}

/* The thing to delete is not in the collection. Does the server still show the collection? One
 * row of a page is enough to know. */
static int ask_for_collection(struct call *call)
{
    struct buffer path;
    const char *end = strrchr(call->path, '/');

    assert(!call->request && end);
    buffer_init(&path, URL_MAX);
    int err = buffer_printf(&path, "%.*s", (int)(end - call->path), call->path);
    if (!err)
        err = url_add_query(&path, "per_page", 1);
    if (!err) {
        const struct request_options options = {
            .endpoint = ENDPOINT_LIST, .path = path.data, .deadline_ms = call->deadline_ms};
        err = request_start(call->gh, &options, collection_answered, call, &call->request);
    }
    buffer_release(&path);
    return err;
}

/* GitHub answers 404, too, to a token that has lost its permission. So the 404 of a second
 * DELETE does not tell whether the first DELETE was processed, and the 404 of a first DELETE
 * does not tell whether there was anything to delete. */
static void delete_answered(
    void *arg, const struct failure *why, const struct http_response *response)
{
    struct call *call = arg;
    struct failure failure;

    call->request = NULL;
    if (why ? why->err == -ENOENT && call->maybe_absent : response->status == 404) {
        int err = ask_for_collection(call);
        if (!err)
            return;
        failure_set(&failure, err, "perhaps not deleted: %s", strerror(-err));
        why = &failure;
    }
    delete_end(call, why);
}

int call_change(struct github *gh, enum endpoint endpoint, const char *path, const char *body,
    uint64_t deadline_ms, delete_done *done, void *arg, struct call **ret)
{
    struct call *call = NULL;
    int err = call_new(gh, endpoint, path, deadline_ms, arg, &call);
    if (err)
        return err;
    call->done.delete = done;
    err = call_send(call, body, delete_answered);
    if (err)
        call_free(call);
    else
        *ret = call;
    return err;
}

int call_delete_secret(struct github *gh, const char *scope, const char *name,
    bool maybe_absent, uint64_t deadline_ms, delete_done *done, void *arg, struct call **ret)
{
    char *path = NULL;
    int err = secret_path(scope, name, &path);
    if (!err)
        err = call_change(gh, ENDPOINT_DELETE_SECRET, path, NULL, deadline_ms, done, arg, ret);
    if (!err)
        (*ret)->maybe_absent = maybe_absent;
    free(path);
    return err;
}
