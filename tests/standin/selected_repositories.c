#include "selected_repositories.h"

#include <stdlib.h>

#include "account_json.h"
#include "body.h"
#include "page.h"
#include "server_clock.h"

#define IDS "selected_repository_ids"

/* Adds the ids of the member that must be there. False after answering 422. */
static bool read_ids(struct call *call, struct json_object *body, struct sharing *sharing)
{
    struct json_object *array = body_integers(call, body, IDS);

    for (size_t i = 0; array && i < json_object_array_length(array); i++) {
        int64_t id = json_object_get_int64(json_object_array_get_idx(array, i));
        const struct repository *repository = state_repository_by_id(call->state, id);

        if (!repository || repository->owner != call->account) {
            reply_error(call->reply, 422,
                "Validation Failed: %lld is not a repository of this organization.",
                (long long)id);
            return false;
        }
        sharing_add(sharing, id);
    }
    return array != NULL;
}

bool read_sharing(struct call *call, struct json_object *body, struct sharing *ret)
{
    const char *name = body_string(call, body, "visibility");
    struct sharing sharing = {0};

    if (!name)
        return false;
    if (!visibility_parse(name, &sharing.visibility)) {
        reply_error(call->reply, 422,
            "Invalid request.\n\nFor 'properties/visibility', %s is not a member of "
            "[\"all\", \"private\", \"selected\"].",
            name);
        return false;
    }
    if (json_object_object_get_ex(body, IDS, NULL)) {
        if (sharing.visibility != VISIBILITY_SELECTED) {
            reply_error(call->reply, 422,
                "Validation Failed: " IDS " is only allowed with the visibility 'selected'.");
            return false;
        }
        if (!read_ids(call, body, &sharing)) {
            sharing_release(&sharing);
            return false;
        }
    }
    *ret = sharing;
    return true;
}

void answer_selection(struct call *call)
{
    const struct secret *secret = scope_secret(call->scope, call->secret_name);
    const struct secret_version *version =
        secret ? secret_at(secret, state_reading_ms(call->state)) : NULL;
    struct page page = page_of(call->request);
    struct json_object *body, *array;
    size_t begin, end;

    if (!version) {
        reply_error(call->reply, 404, "Not Found");
        return;
    }
    page_range(page, version->sharing.count, &begin, &end);
    array = json_object_new_array();
    for (size_t i = begin; i < end; i++)
        json_object_array_add(array,
            repository_json(
                call, state_repository_by_id(call->state, version->sharing.repository_ids[i])));
    body = json_object_new_object();
    add_int(body, "total_count", (int64_t)version->sharing.count);
    json_object_object_add(body, "repositories", array);
    page_link(call, page, version->sharing.count);
    reply_json(call->reply, 200, body);
}

/* The secret whose list can be changed, or NULL after answering 404 or 409. */
static struct secret *selectable(struct call *call)
{
    struct secret *secret = scope_secret(call->scope, call->secret_name);
    struct json_object *body;

    if (!secret || !secret_exists(secret)) {
        reply_error(call->reply, 404, "Not Found");
        return NULL;
    }
    if (secret->latest->sharing.visibility == VISIBILITY_SELECTED)
        return secret;
    body = json_object_new_object();
    add_string(body, "message", "Conflict");
    add_string(body, "errors",
        "You cannot update selected repositories for a secret when the visibility is not set "
        "to 'selected'");
    add_string(body, "documentation_url", "https://docs.github.com/rest");
    add_string(body, "status", "409");
    reply_json(call->reply, 409, body);
    return NULL;
}

static void share(struct call *call, struct secret *secret, struct sharing sharing)
{
    secret_share(secret, sharing, state_now(call->state), clock_ms());
}

void answer_put_selection(struct call *call)
{
    struct json_object *body = body_parse(call);
    struct secret *secret = body ? selectable(call) : NULL;
    struct sharing sharing = {.visibility = VISIBILITY_SELECTED};

    if (secret && read_ids(call, body, &sharing)) {
        if (!sharing_selects_same(&secret->latest->sharing, &sharing)) {
            share(call, secret, sharing);
            sharing = (struct sharing){0};
        }
        reply_empty(call->reply, 204);
    }
    sharing_release(&sharing);
    json_object_put(body);
}

/* Adds or removes the repository of the last parameter. */
static void change_one(
    struct call *call, bool change(struct sharing *sharing, int64_t repository_id))
{
    struct secret *secret = selectable(call);
    const struct repository *repository;
    struct sharing sharing;

    if (!secret)
        return;
    repository = state_repository_by_id(call->state, router_id(call->params[2]));
    if (!repository || repository->owner != call->account) {
        reply_error(call->reply, 404, "Not Found");
        return;
    }
    sharing = sharing_copy(&secret->latest->sharing);
    if (change(&sharing, repository->id))
        share(call, secret, sharing);
    else
        sharing_release(&sharing);
    reply_empty(call->reply, 204);
}

void answer_select(struct call *call)
{
    change_one(call, sharing_add);
}

void answer_deselect(struct call *call)
{
    change_one(call, sharing_remove);
}
