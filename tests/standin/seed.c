#include "seed.h"

#include <stdio.h>
#include <stdlib.h>

#include "xalloc.h"

struct seed_repository {
    const char *owner;
    const char *name;
    bool public;
    bool archived;
    const char *former_name;
    const char *secrets[6]; /* NULL-terminated */
};

static const struct seed_repository demo[] = {
    {"acme", "web", false, false, "acme/website",
        {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "DEPLOY_KEY", "NPM_TOKEN",
            "SENTRY_DSN"}},
    {"acme", "api", false, false, NULL,
        {"DATABASE_URL", "DOCKERHUB_TOKEN", "DOCKERHUB_USERNAME", "STRIPE_SECRET_KEY"}},
    {"acme", "infra", false, false, NULL,
        {"AWS_ROLE_ARN", "KUBECONFIG", "TF_API_TOKEN", "VAULT_TOKEN"}},
    {"acme", "mobile-app", false, false, NULL,
        {"ANDROID_KEYSTORE", "ANDROID_KEYSTORE_PASSWORD", "APPLE_CERTIFICATE_P12"}},
    {"acme", "docs", true, false, NULL, {"ALGOLIA_API_KEY", "NETLIFY_AUTH_TOKEN"}},
    {"acme", "design.system", true, false, NULL, {NULL}},
    {"acme", "legacy-portal", false, true, NULL, {"DEPLOY_KEY", "FTP_PASSWORD"}},
    {"octavia", "dotfiles", true, false, NULL, {"CACHIX_AUTH_TOKEN"}},
    {"octavia", "notes", false, false, NULL, {"PAGES_DEPLOY_KEY"}},
};

static const struct {
    const char *name;
    enum visibility visibility;
    const char *selected[2]; /* of acme's repositories */
} demo_organization[] = {
    {"ARTIFACTORY_TOKEN", VISIBILITY_PRIVATE, {NULL}},
    {"CODECOV_TOKEN", VISIBILITY_ALL, {NULL}},
    {"PAGERDUTY_KEY", VISIBILITY_SELECTED, {"api", "web"}},
    {"SLACK_WEBHOOK_URL", VISIBILITY_ALL, {NULL}},
    {"SONAR_TOKEN", VISIBILITY_PRIVATE, {NULL}},
};

static const struct {
    const char *name;
    const char *secrets[4]; /* NULL-terminated */
} demo_environments[] = {
    {"production", {"DATABASE_URL", "DEPLOY_KEY", "STRIPE_SECRET_KEY"}},
    {"staging", {"DATABASE_URL", "DEPLOY_KEY"}},
    {"eu/prod", {"DATABASE_URL", "STRIPE_SECRET_KEY"}},
};

/* 2021-03-04T05:06:07Z; the seeded dates go on from here. */
static const time_t FIRST_CREATED = 1614834367;

static bool has_secret(struct scope *scope, const char *name)
{
    const struct secret *secret = scope_secret(scope, name);

    return secret && secret_exists(secret);
}

/* Takes the sharing. */
static void seed_secret(
    struct scope *scope, const char *name, struct sharing sharing, size_t nth)
{
    time_t created = FIRST_CREATED + (time_t)nth * 2345678;
    time_t updated = nth % 3 == 0 ? created : created + (time_t)(nth % 5 + 1) * 3210987;
    char value[128];

    snprintf(value, sizeof(value), "seeded-%s-%zu", name, nth);
    scope_seed(scope, name, value, sharing, created, updated);
}

void seed_none(struct state *state)
{
    state_add_account(state, state->config.login, false);
}

static void seed_demo_repositories(struct state *state, size_t *nth)
{
    for (size_t i = 0; i < sizeof(demo) / sizeof(demo[0]); i++) {
        struct account *owner = state_account(state, demo[i].owner);
        struct repository *repository = state_add_repository(state, owner, demo[i].name);

        repository->private = !demo[i].public;
        repository->archived = demo[i].archived;
        if (demo[i].former_name)
            state_add_former_name(state, demo[i].former_name, repository);
        for (size_t s = 0; demo[i].secrets[s]; s++)
            seed_secret(repository->secrets, demo[i].secrets[s], (struct sharing){0}, (*nth)++);
    }
}

static void seed_demo_organization(struct state *state, size_t *nth)
{
    struct scope *scope = state_account(state, "acme")->secrets;

    for (size_t i = 0; i < sizeof(demo_organization) / sizeof(demo_organization[0]); i++) {
        struct sharing sharing = {.visibility = demo_organization[i].visibility};

        for (size_t r = 0; r < 2 && demo_organization[i].selected[r]; r++)
            sharing_add(&sharing,
                state_repository(state, "acme", demo_organization[i].selected[r])->id);
        seed_secret(scope, demo_organization[i].name, sharing, (*nth)++);
    }
}

static void seed_demo_environments(struct state *state, size_t *nth)
{
    struct repository *web = state_repository(state, "acme", "web");

    for (size_t i = 0; i < sizeof(demo_environments) / sizeof(demo_environments[0]); i++) {
        struct environment *environment =
            state_add_environment(state, web, demo_environments[i].name);

        environment->created_at = FIRST_CREATED + (time_t)i * 1234567;
        for (size_t s = 0; demo_environments[i].secrets[s]; s++)
            seed_secret(environment->secrets, demo_environments[i].secrets[s],
                (struct sharing){0}, (*nth)++);
    }
}

void seed_demo(struct state *state)
{
    size_t nth = 0;

    seed_none(state);
    state_add_account(state, "acme", true);
    state_add_account(state, "globex", true);
    seed_demo_repositories(state, &nth);
    seed_demo_organization(state, &nth);
    seed_demo_environments(state, &nth);
}

void seed_numbered_secrets(struct scope *scope, int64_t count)
{
    for (int64_t i = 1; i <= count; i++) {
        char name[32];

        snprintf(name, sizeof(name), "SECRET_%04lld", (long long)i);
        if (!has_secret(scope, name))
            seed_secret(scope, name, (struct sharing){0}, (size_t)i % 64);
    }
}

void seed_numbered_repositories(
    struct state *state, const struct account *owner, const char *prefix, int64_t count)
{
    for (int64_t i = 1; i <= count; i++) {
        char *name = xprintf("%s-%04lld", prefix, (long long)i);

        state_add_repository(state, owner, name);
        free(name);
    }
}

void seed_numbered_environments(
    struct state *state, struct repository *repository, int64_t count)
{
    for (int64_t i = 1; i <= count; i++) {
        char *name = xprintf("env-%04lld", (long long)i);

        state_add_environment(state, repository, name);
        free(name);
    }
}

void seed_organization_secret(
    struct account *organization, const char *name, const struct sharing *sharing)
{
    seed_secret(organization->secrets, name, sharing_copy(sharing), 0);
}

void seed_numbered_organization_secrets(struct account *organization, int64_t count,
    const struct sharing *sharing, const struct sharing *every_third)
{
    for (int64_t i = 1; i <= count; i++) {
        char name[32];

        snprintf(name, sizeof(name), "ORG_SECRET_%04lld", (long long)i);
        if (!has_secret(organization->secrets, name))
            seed_secret(organization->secrets, name,
                sharing_copy(i % 3 == 0 ? every_third : sharing), (size_t)i % 64);
    }
}
