#include "secrets.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "account_json.h"
#include "accounts.h"
#include "body.h"
#include "environments.h"
#include "page.h"
#include "selected_repositories.h"
#include "server_clock.h"
#include "xalloc.h"

bool find_repository_secrets(struct call *call)
{
    if (!find_repository(call) || call->repository->owner->foreign)
        return false;
    call->scope = call->repository->secrets;
    call->secret_name = call->params[2];
    return true;
}

bool find_repository_shared_secrets(struct call *call)
{
    if (!find_repository_secrets(call))
        return false;
    call->scope = call->repository->owner->secrets;
    return true;
}

bool find_organization_secrets(struct call *call)
{
    if (!find_organization(call) || call->account->foreign)
        return false;
    call->scope = call->account->secrets;
    call->secret_name = call->params[1];
    return true;
}

bool find_environment_secrets(struct call *call)
{
    if (!find_environment(call) || call->repository->owner->foreign)
        return false;
    call->scope = call->environment->secrets;
    call->secret_name = call->params[3];
    return true;
}

static struct json_object *secret_to_json(
    const struct secret *secret, const struct secret_version *version)
{
    struct json_object *object = json_object_new_object();

    add_string(object, "name", secret->name);
    add_time(object, "created_at", version->created_at);
    add_time(object, "updated_at", version->updated_at);
    return object;
}

/* As its owner sees it: an organization's secret has a visibility. */
static struct json_object *own_secret_to_json(
    const struct call *call, const struct secret *secret, const struct secret_version *version)
{
    struct json_object *object = secret_to_json(secret, version);

    if (version->sharing.visibility != VISIBILITY_NONE)
        add_string(object, "visibility", visibility_name(version->sharing.visibility));
    if (version->sharing.visibility == VISIBILITY_SELECTED) {
        /* Enterprise Server leaves out its prefix here. */
        char *host = request_host_url(call->request);

        add_text(object, "selected_repositories_url",
            xprintf("%s%s/%s/repositories", host, call->scope->path, secret->name));
        free(host);
    }
    return object;
}

static int by_name(const void *a, const void *b)
{
    const struct secret *const *left = a, *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

/* All of the scope's secrets, or those that call->repository can use. No scope has none. */
static void answer_list(struct call *call, bool as_owner)
{
    size_t total = 0, begin, end;
    double now = state_reading_ms(call->state);
    struct secret *all = call->scope ? call->scope->secrets : NULL;
    const struct secret **list = xcalloc(HASH_COUNT(all) + 1, sizeof(struct secret *));
    struct json_object *body = json_object_new_object(), *array = json_object_new_array();
    struct page page = page_of(call->request);

    for (struct secret *s = all; s; s = s->hh.next) {
        const struct secret_version *version = secret_at(s, now);

        if (version && (as_owner || sharing_reaches(&version->sharing, call->repository->id,
                                        call->repository->private)))
            list[total++] = s;
    }
    qsort(list, total, sizeof(struct secret *), by_name);
    page_range(page, total, &begin, &end);
    for (size_t i = begin; i < end; i++) {
        const struct secret_version *version = secret_at(list[i], now);

        json_object_array_add(array, as_owner ? own_secret_to_json(call, list[i], version)
                                              : secret_to_json(list[i], version));
    }
    free(list);
    add_int(body, "total_count", (int64_t)total);
    json_object_object_add(body, "secrets", array);
    page_link(call, page, total);
    reply_json(call->reply, 200, body);
}

void answer_secrets(struct call *call)
{
    answer_list(call, true);
}

void answer_shared_secrets(struct call *call)
{
    answer_list(call, false);
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
    const struct secret *secret = scope_secret(call->scope, call->secret_name);
    const struct secret_version *version =
        secret ? secret_at(secret, state_reading_ms(call->state)) : NULL;

    if (version)
        reply_json(call->reply, 200, own_secret_to_json(call, secret, version));
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

/* Takes the sharing. */
static void put_value(
    struct call *call, const char *base64, const char *key_id, struct sharing sharing)
{
    const struct secret *old = scope_secret(call->scope, call->secret_name);
    bool update = old && secret_exists(old);
    size_t size;
    unsigned char *value = open_value(call, base64, key_id, &size);

    if (!value) {
        sharing_release(&sharing);
    } else if (size > SCOPE_VALUE_MAX) {
        reply_error(
            call->reply, 422, "Secret value is too large. Values are limited to 48 KB.");
        free(value);
        sharing_release(&sharing);
    } else if (!update && scope_count(call->scope) >= call->scope->limit) {
        reply_error(call->reply, 422,
            "Validation Failed: the limit of %zu secrets has been reached.",
            call->scope->limit);
        free(value);
        sharing_release(&sharing);
    } else {
        scope_write(call->scope, call->secret_name, value, size, sharing,
            state_now(call->state), clock_ms());
        if (update)
            reply_empty(call->reply, 204);
        else
            reply_json(call->reply, 201, json_object_new_object());
    }
}

void answer_put_secret(struct call *call)
{
    const char *fault = name_fault(call->secret_name), *value, *key_id;
    struct sharing sharing = {0};
    struct json_object *body;

    if (refused_as_archived(call))
        return;
    body = body_parse(call);
    if (!body)
        return;
    if (fault)
        reply_error(call->reply, 422, "Validation Failed: %s", fault);
    else if ((value = body_string(call, body, "encrypted_value")) &&
             (key_id = body_string(call, body, "key_id")) &&
             (!call->scope->shared || read_sharing(call, body, &sharing)))
        put_value(call, value, key_id, sharing);
    json_object_put(body);
}

void answer_delete_secret(struct call *call)
{
    struct secret *secret = scope_secret(call->scope, call->secret_name);

    if (refused_as_archived(call))
        return;
    if (!secret || !secret_exists(secret)) {
        reply_error(call->reply, 404, "Not Found");
        return;
    }
    scope_delete(secret, clock_ms());
    reply_empty(call->reply, 204);
}
