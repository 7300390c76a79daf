#include "control_state.h"

#include <stdlib.h>
#include <string.h>

#include "json_members.h"
#include "xalloc.h"

char *control_unknown_member(struct json_object *posted, const char *const *known)
{
    const char *key = json_unknown_key(posted, known);

    return key ? xprintf("unknown member \"%s\"", key) : NULL;
}

/* Replaces the list by an array of strings, if there is one under the key. */
static char *read_list(struct json_object *posted, const char *key, struct string_list *list)
{
    struct json_object *array;

    if (!json_object_object_get_ex(posted, key, &array))
        return NULL;
    if (!json_object_is_type(array, json_type_array))
        return xprintf("%s must be an array", key);
    string_list_clear(list);
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        struct json_object *item = json_object_array_get_idx(array, i);

        if (!json_object_is_type(item, json_type_string))
            return xprintf("%s must hold strings", key);
        if (!string_list_add(list, json_object_get_string(item)))
            return xprintf("%s has too many items", key);
    }
    return NULL;
}

char *control_config(struct state *state, struct json_object *posted)
{
    static const char *const known[] = {"latency_ms", "tokens", "rate_limit",
        "rate_limit_limit", "rate_limit_remaining", "rate_limit_reset", "read_lag_ms",
        "clock_offset", "api_versions", "login", NULL};
    char *error = control_unknown_member(posted, known);
    const char *login;

    if (error)
        return error;
    pthread_mutex_lock(&state->lock);
    json_get_number(posted, "latency_ms", &state->config.latency_ms);
    json_get_number(posted, "read_lag_ms", &state->config.read_lag_ms);
    json_get_int(posted, "clock_offset", &state->config.clock_offset);
    json_get_bool(posted, "rate_limit", &state->rate.on);
    json_get_int(posted, "rate_limit_limit", &state->rate.limit);
    json_get_int(posted, "rate_limit_remaining", &state->rate.remaining);
    json_get_int(posted, "rate_limit_reset", &state->rate.reset);
    if (json_get_string(posted, "login", &login)) {
        free(state->config.login);
        state->config.login = xstrdup(login);
        state_add_account(state, login, false);
    }
    error = read_list(posted, "tokens", &state->config.tokens);
    if (!error)
        error = read_list(posted, "api_versions", &state->config.api_versions);
    pthread_mutex_unlock(&state->lock);
    return error;
}

char *control_rotate_key(struct state *state, struct json_object *posted)
{
    static const char *const known[] = {"scope", "keep_id", NULL};
    char *error = control_unknown_member(posted, known);
    const char *path = "";
    bool keep_id = false;
    struct scope *scope;

    if (error)
        return error;
    json_get_string(posted, "scope", &path);
    json_get_bool(posted, "keep_id", &keep_id);
    pthread_mutex_lock(&state->lock);
    scope = state_scope(state, path);
    if (scope)
        scope_rotate(scope, keep_id);
    pthread_mutex_unlock(&state->lock);
    return scope ? NULL : xprintf("no such scope: \"%s\"", path);
}
