#include "control.h"

#include <stdlib.h>
#include <string.h>

#include "control_state.h"
#include "json_members.h"
#include "pause.h"
#include "server_clock.h"
#include "xalloc.h"

#define PREFIX "/_standin/"

struct control_call {
    struct standin *standin;
    const struct request *request;
    struct reply *reply;
    struct json_object *posted; /* of a POST: an object */
};

typedef void control_fn(struct control_call *call);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void get_journal(struct control_call *call)
{
    struct json_object *body = json_object_new_object();

    json_object_object_add(body, "requests", journal_to_json(&call->standin->journal));
    reply_json(call->reply, 200, body);
}

static void delete_journal(struct control_call *call)
{
    journal_clear(&call->standin->journal);
    reply_empty(call->reply, 204);
}

/* The secret with that API path, or NULL. */
static const struct secret *secret_by_path(const struct state *state, const char *path)
{
    const char *slash = strrchr(path, '/');
    const struct secret *secret;
    struct scope *scope;
    char *scope_path;

    if (!slash)
        return NULL;
    scope_path = xmemdup(path, (size_t)(slash - path));
    scope = state_scope(state, scope_path);
    free(scope_path);
    secret = scope ? scope_secret(scope, slash + 1) : NULL;
    return secret && secret_exists(secret) ? secret : NULL;
}

/* The path is given as it is in a URL, and that either as it is or encoded once more. */
static char *asked_path(const struct request *request)
{
    char *path = request_raw_query(request, "path");

    if (path && *path == '/')
        return path;
    free(path);
    return request_query(request, "path");
}

static void get_plaintext(struct control_call *call)
{
    struct state *state = &call->standin->state;
    char *path = asked_path(call->request);
    const struct secret *secret;

    pthread_mutex_lock(&state->lock);
    secret = path ? secret_by_path(state, path) : NULL;
    if (secret) {
        reply_bytes(call->reply, 200, secret->value, secret->size);
        reply_header(call->reply, "Content-Type", "application/octet-stream");
        reply_header(call->reply, "X-Writes", "%u", secret->writes);
    } else {
        reply_error(call->reply, 404, "No such secret");
    }
    pthread_mutex_unlock(&state->lock);
    free(path);
}

static void add_sharing(struct json_object *object, const struct sharing *sharing)
{
    struct json_object *ids;

    if (sharing->visibility == VISIBILITY_NONE)
        return;
    json_object_object_add(
        object, "visibility", json_object_new_string(visibility_name(sharing->visibility)));
    if (sharing->visibility != VISIBILITY_SELECTED)
        return;
    ids = json_object_new_array();
    for (size_t i = 0; i < sharing->count; i++)
        json_object_array_add(ids, json_object_new_int64(sharing->repository_ids[i]));
    json_object_object_add(object, "selected_repository_ids", ids);
}

static struct json_object *secret_to_json(const struct secret *secret)
{
    struct json_object *object = json_object_new_object();
    size_t size = sodium_base64_encoded_len(secret->size, sodium_base64_VARIANT_ORIGINAL);
    char *value = xcalloc(1, size), when[CLOCK_ISO_SIZE];

    sodium_bin2base64(value, size, secret->value, secret->size, sodium_base64_VARIANT_ORIGINAL);
    json_object_object_add(object, "value_base64", json_object_new_string(value));
    free(value);
    json_object_object_add(object, "writes", json_object_new_int64(secret->writes));
    clock_iso(secret->latest->created_at, when);
    json_object_object_add(object, "created_at", json_object_new_string(when));
    clock_iso(secret->latest->updated_at, when);
    json_object_object_add(object, "updated_at", json_object_new_string(when));
    add_sharing(object, &secret->latest->sharing);
    return object;
}

static void get_secrets(struct control_call *call)
{
    struct state *state = &call->standin->state;
    struct json_object *body = json_object_new_object();

    pthread_mutex_lock(&state->lock);
    for (struct scope *scope = state->scopes; scope; scope = scope->hh.next) {
        struct json_object *secrets = json_object_new_object();

        for (struct secret *s = scope->secrets; s; s = s->hh.next) {
            if (secret_exists(s))
                json_object_object_add(secrets, s->name, secret_to_json(s));
        }
        json_object_object_add(body, scope->path, secrets);
    }
    pthread_mutex_unlock(&state->lock);
    reply_json(call->reply, 200, body);
}

static void post_faults(struct control_call *call)
{
    char *error;
    int64_t id = faults_add(&call->standin->faults, json_object_get(call->posted), &error);
    struct json_object *body;

    if (id < 0) {
        reply_error(call->reply, 400, "%s", error);
        free(error);
        return;
    }
    body = json_object_new_object();
    json_object_object_add(body, "id", json_object_new_int64(id));
    reply_json(call->reply, 201, body);
}

static void get_faults(struct control_call *call)
{
    struct json_object *body = json_object_new_object();

    json_object_object_add(body, "faults", faults_to_json(&call->standin->faults));
    reply_json(call->reply, 200, body);
}

static void delete_faults(struct control_call *call)
{
    faults_clear(&call->standin->faults);
    pause_release();
    reply_empty(call->reply, 204);
}

/* Takes the error. */
static void reply_outcome(struct control_call *call, char *error)
{
    if (error)
        reply_error(call->reply, 400, "%s", error);
    else
        reply_empty(call->reply, 204);
    free(error);
}

static void post_config(struct control_call *call)
{
    reply_outcome(call, control_config(&call->standin->state, call->posted));
}

static void post_rotate_key(struct control_call *call)
{
    reply_outcome(call, control_rotate_key(&call->standin->state, call->posted));
}

static void post_seed(struct control_call *call)
{
    reply_outcome(call, control_seed(&call->standin->state, call->posted));
}

static const struct {
    const char *method;
    const char *path;
    control_fn *answer;
} routes[] = {
    {"GET", PREFIX "journal", get_journal},
    {"DELETE", PREFIX "journal", delete_journal},
    {"GET", PREFIX "plaintext", get_plaintext},
    {"GET", PREFIX "secrets", get_secrets},
    {"POST", PREFIX "faults", post_faults},
    {"GET", PREFIX "faults", get_faults},
    {"DELETE", PREFIX "faults", delete_faults},
    {"POST", PREFIX "config", post_config},
    {"POST", PREFIX "rotate-key", post_rotate_key},
    {"POST", PREFIX "seed", post_seed},
};

bool control_wants(const struct request *request)
{
    return strncmp(request->raw_path, PREFIX, strlen(PREFIX)) == 0;
}

static void dispatch(struct control_call *call)
{
    const struct request *request = call->request;
    bool posts = strcmp(request->method, "POST") == 0;

    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (strcmp(routes[i].method, request->method) != 0 ||
            strcmp(routes[i].path, request->raw_path) != 0)
            continue;
        call->posted =
            posts ? json_parse(request->body ? request->body : "", request->body_size) : NULL;
        if (posts && !json_object_is_type(call->posted, json_type_object))
            reply_error(call->reply, 400, "The body must be a JSON object");
        else
            routes[i].answer(call);
        json_object_put(call->posted);
        return;
    }
    reply_error(call->reply, 404, "No such control request");
}

void control_answer(struct standin *standin, const struct request *request, struct reply *reply)
{
    struct control_call call = {.standin = standin, .request = request, .reply = reply};

    /* A fault's JSON is shared by those that list it. */
    pthread_mutex_lock(&lock);
    dispatch(&call);
    pthread_mutex_unlock(&lock);
    if (reply->body && !headers_get(reply->headers, "Content-Type"))
        reply_header(reply, "Content-Type", "application/json; charset=utf-8");
}
