#include <stdlib.h>
#include <string.h>

#include "control_state.h"
#include "json_members.h"
#include "seed.h"
#include "xalloc.h"

/* What a repository is to be like. */
struct repository_seed {
    int64_t secrets;
    bool has_archived, archived;
    bool has_private, private;
    const char *former_name;
    int64_t environments;
    const char *environment; /* NULL: the secrets are the repository's */
};

/* The owner becomes an organization unless there is such an account. */
static char *seed_repository(
    struct state *state, const char *full_name, const struct repository_seed *seed)
{
    const char *slash = strchr(full_name, '/');
    struct repository *repository;
    struct scope *scope;
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
    seed_numbered_environments(state, repository, seed->environments);
    scope = seed->environment
                ? state_add_environment(state, repository, seed->environment)->secrets
                : repository->secrets;
    seed_numbered_secrets(scope, seed->secrets);
    return NULL;
}

static char *seed_repositories(struct state *state, struct json_object *posted)
{
    struct repository_seed seed = {0};
    struct json_object *names;
    const char *name;
    char *error = NULL;

    json_get_int(posted, "secrets", &seed.secrets);
    json_get_string(posted, "renamed_from", &seed.former_name);
    json_get_int(posted, "environments_count", &seed.environments);
    json_get_string(posted, "environment", &seed.environment);
    if (seed.environment && !*seed.environment)
        return xstrdup("environment must not be empty");
    seed.has_archived = json_get_bool(posted, "archived", &seed.archived);
    seed.has_private = json_get_bool(posted, "private", &seed.private);
    if (json_get_string(posted, "repo", &name))
        error = seed_repository(state, name, &seed);
    if (error || !json_object_object_get_ex(posted, "repos", &names))
        return error;
    if (!json_object_is_type(names, json_type_array))
        return xstrdup("repos must be an array");
    for (size_t i = 0; i < json_object_array_length(names) && !error; i++) {
        struct json_object *item = json_object_array_get_idx(names, i);

        error = json_object_is_type(item, json_type_string)
                    ? seed_repository(state, json_object_get_string(item), &seed)
                    : xstrdup("repos must hold strings");
    }
    return error;
}

/* The first of the organization's repositories, or NULL. */
static const struct repository *first_repository(
    const struct state *state, const struct account *organization)
{
    const struct repository *repository = state->repositories;

    while (repository && repository->owner != organization)
        repository = repository->hh.next;
    return repository;
}

/* Selects so many repositories, which are created; without a number, one that there is. */
static struct sharing new_selection(
    struct state *state, const struct account *organization, struct json_object *posted)
{
    struct sharing sharing = {.visibility = VISIBILITY_SELECTED};
    const struct repository *first = first_repository(state, organization);
    int64_t count;

    if (!json_get_int(posted, "selected_repos", &count)) {
        if (first)
            sharing_add(&sharing, first->id);
        return sharing;
    }
    seed_numbered_repositories(state, organization, "selected", count);
    for (int64_t i = 1; i <= count; i++) {
        char *name = xprintf("selected-%04lld", (long long)i);

        sharing_add(&sharing, state_repository(state, organization->login, name)->id);
        free(name);
    }
    return sharing;
}

static char *seed_organization_secrets(
    struct state *state, struct account *organization, struct json_object *posted)
{
    struct sharing selection, sharing = {.visibility = VISIBILITY_PRIVATE};
    bool selects = false, every_third = false;
    const char *text, *name = NULL;
    int64_t count = 0;

    json_get_string(posted, "org_secret", &name);
    json_get_int(posted, "org_secrets", &count);
    json_get_bool(posted, "every_third_selected", &every_third);
    if (!name && count == 0)
        return NULL;
    if (!organization->organization)
        return xprintf("not an organization: \"%s\"", organization->login);
    if (json_get_string(posted, "visibility", &text) &&
        !visibility_parse(text, &sharing.visibility))
        return xprintf("no such visibility: \"%s\"", text);
    selects = sharing.visibility == VISIBILITY_SELECTED;
    selection = selects || every_third ? new_selection(state, organization, posted)
                                       : (struct sharing){0};
    if (name)
        seed_organization_secret(organization, name, selects ? &selection : &sharing);
    seed_numbered_organization_secrets(organization, count, selects ? &selection : &sharing,
        selects || every_third ? &selection : &sharing);
    sharing_release(&selection);
    return NULL;
}

static char *seed_organization(struct state *state, struct json_object *posted)
{
    struct account *organization;
    const char *login;
    int64_t count = 0;
    bool member;

    if (!json_get_string(posted, "org", &login))
        return NULL;
    organization = state_add_account(state, login, true);
    if (json_get_bool(posted, "member", &member))
        organization->foreign = !member;
    json_get_int(posted, "repos_count", &count);
    seed_numbered_repositories(state, organization, "repo", count);
    return seed_organization_secrets(state, organization, posted);
}

static void seed_user(struct state *state, struct json_object *posted)
{
    const char *login;
    int64_t count = 0;

    if (!json_get_string(posted, "user", &login))
        return;
    json_get_int(posted, "repos_count", &count);
    seed_numbered_repositories(state, state_add_account(state, login, false), "repo", count);
}

char *control_seed(struct state *state, struct json_object *posted)
{
    static const char *const known[] = {"repos", "repo", "secrets", "archived", "private",
        "renamed_from", "environment", "environments_count", "org", "user", "repos_count",
        "member", "org_secrets", "org_secret", "visibility", "selected_repos",
        "every_third_selected", NULL};
    char *error = control_unknown_member(posted, known);

    if (error)
        return error;
    pthread_mutex_lock(&state->lock);
    seed_user(state, posted);
    error = seed_organization(state, posted);
    if (!error)
        error = seed_repositories(state, posted);
    pthread_mutex_unlock(&state->lock);
    return error;
}
