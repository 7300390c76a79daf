/*
 * What the stand-in GitHub holds: accounts, repositories, environments, stores of secrets, and
 * how it is told to behave. One lock guards it all; every function here wants it held.
 */
#ifndef STANDIN_STATE_H
#define STANDIN_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <uthash.h>

#include "scope.h"

/* GitHub's limits. */
enum {
    ORGANIZATION_SECRETS_MAX = 1000,
    REPOSITORY_SECRETS_MAX = 100,
    ENVIRONMENT_SECRETS_MAX = 100,
};

enum { CONFIG_LIST_MAX = 8 };

struct string_list {
    char *items[CONFIG_LIST_MAX];
    size_t count;
};

struct config {
    double latency_ms;
    double read_lag_ms;   /* listings and single secrets are seen as they were then */
    int64_t clock_offset; /* seconds added to the time of day */
    struct string_list tokens;
    struct string_list api_versions;
    char *login; /* whose tokens they are */
};

/* The primary rate limit. */
struct rate {
    bool on;
    int64_t limit;
    int64_t remaining;
    int64_t reset; /* seconds since the epoch */
};

struct account {
    int64_t id;
    char *login;
    char *key; /* lower case */
    bool organization;
    bool foreign;          /* an organization that the token's user is no member of */
    struct scope *secrets; /* an organization's, else NULL */
    UT_hash_handle hh;
};

struct environment {
    int64_t id;
    const struct repository *repository;
    char *name;
    char *key; /* lower case */
    time_t created_at;
    struct scope *secrets;
    UT_hash_handle hh;
};

struct repository {
    int64_t id;
    const struct account *owner;
    char *name;
    char *full_name;
    char *key; /* full_name in lower case */
    bool private;
    bool archived;
    struct scope *secrets;
    struct environment *environments;
    UT_hash_handle hh;
};

/* A name that a repository once had. */
struct former_name {
    char *key; /* lower-case full name */
    const struct repository *repository;
    UT_hash_handle hh;
};

struct state {
    pthread_mutex_t lock;
    struct config config;
    struct rate rate;
    struct account *accounts;
    struct repository *repositories;
    struct former_name *former_names;
    struct scope *scopes;
    int64_t last_account_id;
    int64_t last_repository_id;
    int64_t last_environment_id;
};

void state_init(struct state *state);
void state_release(struct state *state);

/* The time of day as this server tells it. */
time_t state_now(const struct state *state);

/* The moment, by clock_ms(), whose secrets a reader sees: with a read lag, a past one. */
double state_reading_ms(const struct state *state);

/* All lookups are without case; NULL when there is none. */
struct account *state_account(const struct state *state, const char *login);
struct repository *state_repository(
    const struct state *state, const char *owner, const char *name);
struct repository *state_former_repository(
    const struct state *state, const char *owner, const char *name);
struct environment *state_environment(const struct repository *repository, const char *name);
/* By its raw path, however that is percent-encoded. */
struct scope *state_scope(const struct state *state, const char *path);

struct account *state_account_by_id(const struct state *state, int64_t id);
struct repository *state_repository_by_id(const struct state *state, int64_t id);

/* Finds or creates. */
struct account *state_add_account(struct state *state, const char *login, bool organization);
struct repository *state_add_repository(
    struct state *state, const struct account *owner, const char *name);
struct environment *state_add_environment(
    struct state *state, struct repository *repository, const char *name);
void state_add_former_name(
    struct state *state, const char *full_name, const struct repository *repository);

void string_list_clear(struct string_list *list);
/* False when the list is full. */
bool string_list_add(struct string_list *list, const char *item);
bool string_list_has(const struct string_list *list, const char *item);

#endif
