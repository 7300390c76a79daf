#include "control_state.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "seed.h"
#include "xalloc.h"

static char *unknown_member(struct json_object *posted, const char *const *known)
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
    char *error = unknown_member(posted, known);
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
    char *error = unknown_member(posted, known);
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

/* What a new repository is to be like. */
struct repository_seed {
    int64_t secrets;
    bool has_archived, archived;
    bool has_private, private;
    const char *former_name;
};

/* The owner becomes an organization unless there is such an account. */
static char *seed_repository(
    struct state *state, const char *full_name, const struct repository_seed *seed)
{
    const char *slash = strchr(full_name, '/');
    struct repository *repository;
    char *owner;

    if (!slash || slash == full_name || !slash[1] || strchr(slash + 1, '/'))
        return xprintf("not a repository's name: \"%s\"", full_name);
    owner = xmemdup(full_name, (size_t)(slash - full_name));
    repository = state_add_repository(state, state_add_account(state, owner, true), slash + 1);
    free(owner);
    if (seed->has_archived)
        repository->archived = seed->archived;
    if (seed->has_private)
        repository->private = seed->private;
    if (seed->former_name)
        state_add_former_name(state, seed->former_name, repository);
    seed_numbered_secrets(repository->secrets, seed->secrets);
    return NULL;
}

static char *seed_repositories(struct state *state, struct json_object *posted)
{
    struct repository_seed seed = {0};
    struct json_object *names;
    char *error = NULL;

    if (!json_object_object_get_ex(posted, "repos", &names))
        return NULL;
    if (!json_object_is_type(names, json_type_array))
        return xstrdup("repos must be an array");
    json_get_int(posted, "secrets", &seed.secrets);
    json_get_string(posted, "renamed_from", &seed.former_name);
    seed.has_archived = json_get_bool(posted, "archived", &seed.archived);
    seed.has_private = json_get_bool(posted, "private", &seed.private);
    for (size_t i = 0; i < json_object_array_length(names) && !error; i++) {
        struct json_object *name = json_object_array_get_idx(names, i);

        error = json_object_is_type(name, json_type_string)
                    ? seed_repository(state, json_object_get_string(name), &seed)
                    : xstrdup("repos must hold strings");
    }
    return error;
}

/* repo-0001 and so on. */
static void seed_numbered_repositories(
    struct state *state, const struct account *owner, int64_t count)
{
    for (int64_t i = 1; i <= count; i++) {
        char *name = xprintf("repo-%04lld", (long long)i);

        state_add_repository(state, owner, name);
        free(name);
    }
}

char *control_seed(struct state *state, struct json_object *posted)
{
    static const char *const known[] = {"repos", "secrets", "archived", "private",
        "renamed_from", "org", "user", "repos_count", NULL};
    char *error = unknown_member(posted, known);
    const char *login;
    int64_t count = 0;

    if (error)
        return error;
    json_get_int(posted, "repos_count", &count);
    pthread_mutex_lock(&state->lock);
    if (json_get_string(posted, "user", &login))
        seed_numbered_repositories(state, state_add_account(state, login, false), count);
    if (json_get_string(posted, "org", &login))
        seed_numbered_repositories(state, state_add_account(state, login, true), count);
    error = seed_repositories(state, posted);
    pthread_mutex_unlock(&state->lock);
    return error;
}
