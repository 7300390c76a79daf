#include "state.h"

#include <stdlib.h>
#include <string.h>

#include "percent.h"
#include "server_clock.h"
#include "xalloc.h"

static const int64_t RATE_LIMIT = 5000; /* github.com's, an hour */
static const int64_t RATE_WINDOW_SECONDS = 3600;

void state_init(struct state *state)
{
    *state = (struct state){0};
    pthread_mutex_init(&state->lock, NULL);
    state->last_account_id = 583230;
    state->last_repository_id = 1296268;
    state->last_environment_id = 161088067;
    string_list_add(&state->config.tokens, "standin-token");
    string_list_add(&state->config.api_versions, "2022-11-28");
    string_list_add(&state->config.api_versions, "2026-03-10");
    state->config.login = xstrdup("octavia");
    state->rate = (struct rate){.on = true,
        .limit = RATE_LIMIT,
        .remaining = RATE_LIMIT,
        .reset = time(NULL) + RATE_WINDOW_SECONDS};
}

static void free_environment(struct environment *environment)
{
    free(environment->name);
    free(environment->key);
    free(environment);
}

static void free_repository(struct repository *repository)
{
    struct environment *environment, *next;

    HASH_ITER(hh, repository->environments, environment, next)
    {
        HASH_DEL(repository->environments, environment);
        free_environment(environment);
    }
    free(repository->name);
    free(repository->full_name);
    free(repository->key);
    free(repository);
}

static void free_account(struct account *account)
{
    free(account->login);
    free(account->key);
    free(account);
}

void state_release(struct state *state)
{
    struct scope *scope, *next_scope;
    struct former_name *former, *next_former;
    struct repository *repository, *next_repository;
    struct account *account, *next_account;

    HASH_ITER(hh, state->scopes, scope, next_scope)
    {
        HASH_DEL(state->scopes, scope);
        scope_free(scope);
    }
    HASH_ITER(hh, state->former_names, former, next_former)
    {
        HASH_DEL(state->former_names, former);
        free(former->key);
        free(former);
    }
    HASH_ITER(hh, state->repositories, repository, next_repository)
    {
        HASH_DEL(state->repositories, repository);
        free_repository(repository);
    }
    HASH_ITER(hh, state->accounts, account, next_account)
    {
        HASH_DEL(state->accounts, account);
        free_account(account);
    }
    string_list_clear(&state->config.tokens);
    string_list_clear(&state->config.api_versions);
    free(state->config.login);
    pthread_mutex_destroy(&state->lock);
}

time_t state_now(const struct state *state)
{
    return time(NULL) + state->config.clock_offset;
}

double state_reading_ms(const struct state *state)
{
    return clock_ms() - state->config.read_lag_ms;
}

struct account *state_account(const struct state *state, const char *login)
{
    char *key = xstrlower(login);
    struct account *account;

    HASH_FIND_STR(state->accounts, key, account);
    free(key);
    return account;
}

static char *full_name_key(const char *owner, const char *name)
{
    char *full_name = xprintf("%s/%s", owner, name);
    char *key = xstrlower(full_name);

    free(full_name);
    return key;
}

struct repository *state_repository(
    const struct state *state, const char *owner, const char *name)
{
    char *key = full_name_key(owner, name);
    struct repository *repository;

    HASH_FIND_STR(state->repositories, key, repository);
    free(key);
    return repository;
}

struct repository *state_former_repository(
    const struct state *state, const char *owner, const char *name)
{
    char *key = full_name_key(owner, name);
    struct former_name *former;

    HASH_FIND_STR(state->former_names, key, former);
    free(key);
    return former ? (struct repository *)former->repository : NULL;
}

struct environment *state_environment(const struct repository *repository, const char *name)
{
    char *key = xstrlower(name);
    struct environment *environment;

    HASH_FIND_STR(repository->environments, key, environment);
    free(key);
    return environment;
}

struct scope *state_scope(const struct state *state, const char *path)
{
    char *normal = percent_normalize_path(path);
    struct scope *scope;
    char *key;

    if (!normal)
        return NULL;
    key = xstrlower(normal);
    HASH_FIND_STR(state->scopes, key, scope);
    free(key);
    free(normal);
    return scope;
}

struct account *state_account_by_id(const struct state *state, int64_t id)
{
    struct account *account = state->accounts;

    while (account && account->id != id)
        account = account->hh.next;
    return account;
}

struct repository *state_repository_by_id(const struct state *state, int64_t id)
{
    struct repository *repository = state->repositories;

    while (repository && repository->id != id)
        repository = repository->hh.next;
    return repository;
}

/* Takes the path. */
static struct scope *add_scope(struct state *state, char *path, size_t limit)
{
    struct scope *scope = scope_new(path, limit);

    HASH_ADD_KEYPTR(hh, state->scopes, scope->key, strlen(scope->key), scope);
    return scope;
}

struct account *state_add_account(struct state *state, const char *login, bool organization)
{
    struct account *account = state_account(state, login);

    if (account)
        return account;
    account = xcalloc(1, sizeof(*account));
    account->id = ++state->last_account_id;
    account->login = xstrdup(login);
    account->key = xstrlower(login);
    account->organization = organization;
    if (organization) {
        account->secrets = add_scope(
            state, xprintf("/orgs/%s/actions/secrets", login), ORGANIZATION_SECRETS_MAX);
        account->secrets->shared = true;
    }
    HASH_ADD_KEYPTR(hh, state->accounts, account->key, strlen(account->key), account);
    return account;
}

struct repository *state_add_repository(
    struct state *state, const struct account *owner, const char *name)
{
    struct repository *repository = state_repository(state, owner->login, name);

    if (repository)
        return repository;
    repository = xcalloc(1, sizeof(*repository));
    repository->id = ++state->last_repository_id;
    repository->owner = owner;
    repository->name = xstrdup(name);
    repository->full_name = xprintf("%s/%s", owner->login, name);
    repository->key = xstrlower(repository->full_name);
    repository->private = true;
    repository->secrets = add_scope(state,
        xprintf("/repos/%s/actions/secrets", repository->full_name), REPOSITORY_SECRETS_MAX);
    repository->secrets->archived = &repository->archived;
    HASH_ADD_KEYPTR(
        hh, state->repositories, repository->key, strlen(repository->key), repository);
    return repository;
}

struct environment *state_add_environment(
    struct state *state, struct repository *repository, const char *name)
{
    struct environment *environment = state_environment(repository, name);
    char *encoded;

    if (environment)
        return environment;
    environment = xcalloc(1, sizeof(*environment));
    environment->id = ++state->last_environment_id;
    environment->repository = repository;
    environment->name = xstrdup(name);
    environment->key = xstrlower(name);
    environment->created_at = state_now(state);
    encoded = percent_encode(name);
    environment->secrets = add_scope(state,
        xprintf("/repos/%s/environments/%s/secrets", repository->full_name, encoded),
        ENVIRONMENT_SECRETS_MAX);
    environment->secrets->archived = &repository->archived;
    free(encoded);
    HASH_ADD_KEYPTR(
        hh, repository->environments, environment->key, strlen(environment->key), environment);
    return environment;
}

void state_add_former_name(
    struct state *state, const char *full_name, const struct repository *repository)
{
    char *key = xstrlower(full_name);
    struct former_name *former;

    HASH_FIND_STR(state->former_names, key, former);
    if (former) {
        free(key);
    } else {
        former = xcalloc(1, sizeof(*former));
        former->key = key;
        HASH_ADD_KEYPTR(hh, state->former_names, former->key, strlen(former->key), former);
    }
    former->repository = repository;
}

void string_list_clear(struct string_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    list->count = 0;
}

bool string_list_add(struct string_list *list, const char *item)
{
    if (list->count == CONFIG_LIST_MAX)
        return false;
    list->items[list->count++] = xstrdup(item);
    return true;
}

bool string_list_has(const struct string_list *list, const char *item)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], item) == 0)
            return true;
    }
    return false;
}
