#include "secrets.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "accounts.h"
#include "clock.h"
#include "json.h"
#include "page.h"
#include "xalloc.h"

bool find_repository_secrets(struct call *call)
{
    if (!find_repository(call))
        return false;
    call->scope = call->repository->secrets;
    return true;
}

/* The last parameter of the route. */
static const char *secret_name(const struct call *call)
{
    size_t i = sizeof(call->params) / sizeof(call->params[0]);

    while (i > 0 && !call->params[i - 1])
        i--;
    return i > 0 ? call->params[i - 1] : "";
}

static double reading_time(const struct call *call)
{
    return clock_ms() - call->state->config.read_lag_ms;
}

static struct json_object *secret_to_json(
    const struct secret *secret, const struct secret_version *version)
{
    struct json_object *object = json_object_new_object();
    char when[CLOCK_ISO_SIZE];

    json_object_object_add(object, "name", json_object_new_string(secret->name));
    clock_iso(version->created_at, when);
    json_object_object_add(object, "created_at", json_object_new_string(when));
    clock_iso(version->updated_at, when);
    json_object_object_add(object, "updated_at", json_object_new_string(when));
    return object;
}

static int by_name(const void *a, const void *b)
{
    const struct secret *const *left = a, *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

void answer_secrets(struct call *call)
{
    size_t total = 0, begin, end;
    double now = reading_time(call);
    const struct secret **list =
        xcalloc(HASH_COUNT(call->scope->secrets) + 1, sizeof(struct secret *));
    struct json_object *body = json_object_new_object(), *array = json_object_new_array();
    struct page page = page_of(call->request);

    for (struct secret *s = call->scope->secrets; s; s = s->hh.next) {
        if (secret_at(s, now))
            list[total++] = s;
    }
    qsort(list, total, sizeof(struct secret *), by_name);
    page_range(page, total, &begin, &end);
    for (size_t i = begin; i < end; i++)
        json_object_array_add(array, secret_to_json(list[i], secret_at(list[i], now)));
    free(list);
    json_object_object_add(body, "total_count", json_object_new_int64((int64_t)total));
    json_object_object_add(body, "secrets", array);
    page_link(call, page, total);
    reply_json(call->reply, 200, body);
}

void answer_public_key(struct call *call)
{
    struct json_object *body = json_object_new_object();
    char key[sodium_base64_ENCODED_LEN(
        crypto_box_PUBLICKEYBYTES, sodium_base64_VARIANT_ORIGINAL)];

    sodium_bin2base64(key, sizeof(key), call->scope->public_key,
        sizeof(call->scope->public_key), sodium_base64_VARIANT_ORIGINAL);
    json_object_object_add(body, "key_id", json_object_new_string(call->scope->key_id));
    json_object_object_add(body, "key", json_object_new_string(key));
    reply_json(call->reply, 200, body);
}

void answer_secret(struct call *call)
{
    const struct secret *secret = scope_secret(call->scope, secret_name(call));
    const struct secret_version *version =
        secret ? secret_at(secret, reading_time(call)) : NULL;

    if (version)
        reply_json(call->reply, 200, secret_to_json(secret, version));
    else
        reply_error(call->reply, 404, "Not Found");
}

/* Answers 403 and returns true when the owner takes no changes. */
static bool refused_as_archived(struct call *call)
{
    if (!call->scope->archived || !*call->scope->archived)
        return false;
    reply_error(call->reply, 403, "Repository was archived so is read-only.");
    return true;
}

/* What GitHub says of a name that no secret can have, or NULL. */
static const char *name_fault(const char *name)
{
    if (strncasecmp(name, "GITHUB_", 7) == 0)
        return "Secret names must not start with GITHUB_.";
    if (isdigit((unsigned char)name[0]))
        return "Secret names must not start with a number.";
    for (const char *c = name; *c; c++) {
        if (!isascii((unsigned char)*c) || (!isalnum((unsigned char)*c) && *c != '_'))
            return "Secret names can only contain alphanumeric characters ([a-z], [A-Z], "
                   "[0-9]) or underscores (_). Spaces are not allowed.";
    }
    return NULL;
}

/* A string member of the body, or NULL after answering 422 as GitHub's schema check does. */
static const char *required_string(struct call *call, struct json_object *body, const char *key)
{
    struct json_object *member;
    const char *text = NULL;

    if (json_get_string(body, key, &text))
        return text;
    if (json_object_object_get_ex(body, key, &member))
        reply_error(call->reply, 422,
            "Invalid request.\n\nFor 'properties/%s', %s is not a string.", key,
            json_text(member, NULL));
    else
        reply_error(call->reply, 422, "Invalid request.\n\n\"%s\" wasn't supplied.", key);
    return NULL;
}

/* The value in the box, or NULL after answering 422. */
static unsigned char *open_value(
    struct call *call, const char *base64, const char *key_id, size_t *ret_size)
{
    size_t box_max = strlen(base64), box_size = 0;
    unsigned char *box, *value = NULL;

    if (strcmp(key_id, call->scope->key_id) != 0) {
        reply_error(call->reply, 422, "Bad request - key_id is not a valid public key id");
        return NULL;
    }
    box = xcalloc(1, box_max + 1);
    if (sodium_base642bin(box, box_max, base64, strlen(base64), NULL, &box_size, NULL,
            sodium_base64_VARIANT_ORIGINAL) != 0)
        reply_error(call->reply, 422,
            "Invalid request.\n\n%s does not match /^(?:[A-Za-z0-9+\\/]{4})*"
            "(?:[A-Za-z0-9+\\/]{2}==|[A-Za-z0-9+\\/]{3}=|[A-Za-z0-9+\\/]{4})$/.",
            base64);
    else if (!(value = scope_open_box(call->scope, box, box_size, ret_size)))
        reply_error(call->reply, 422,
            "Bad request - validation failed due to an improperly encrypted secret");
    free(box);
    return value;
}

static void put_value(
    struct call *call, const char *name, const char *base64, const char *key_id)
{
    const struct secret *old = scope_secret(call->scope, name);
    bool update = old && secret_exists(old);
    size_t size;
    unsigned char *value = open_value(call, base64, key_id, &size);

    if (!value)
        return;
    if (size > SCOPE_VALUE_MAX) {
        reply_error(
            call->reply, 422, "Secret value is too large. Values are limited to 48 KB.");
        free(value);
    } else if (!update && scope_count(call->scope) >= call->scope->limit) {
        reply_error(call->reply, 422,
            "Validation Failed: the limit of %zu secrets has been reached.",
            call->scope->limit);
        free(value);
    } else {
        scope_write(call->scope, name, value, size, state_now(call->state), clock_ms());
        if (update)
            reply_empty(call->reply, 204);
        else
            reply_json(call->reply, 201, json_object_new_object());
    }
}

void answer_put_secret(struct call *call)
{
    const char *name = secret_name(call), *fault = name_fault(name);
    const char *value = NULL, *key_id = NULL;
    struct json_object *body;

    if (refused_as_archived(call))
        return;
    body = json_parse(call->request->body ? call->request->body : "", call->request->body_size);
    if (!body)
        reply_error(call->reply, 400, "Problems parsing JSON");
    else if (!json_object_is_type(body, json_type_object))
        reply_error(call->reply, 400, "Body should be a JSON object");
    else if (fault)
        reply_error(call->reply, 422, "Validation Failed: %s", fault);
    else if ((value = required_string(call, body, "encrypted_value")) &&
             (key_id = required_string(call, body, "key_id")))
        put_value(call, name, value, key_id);
    json_object_put(body);
}

void answer_delete_secret(struct call *call)
{
    struct secret *secret = scope_secret(call->scope, secret_name(call));

    if (refused_as_archived(call))
        return;
    if (!secret || !secret_exists(secret)) {
        reply_error(call->reply, 404, "Not Found");
        return;
    }
    scope_delete(secret, clock_ms());
    reply_empty(call->reply, 204);
}
