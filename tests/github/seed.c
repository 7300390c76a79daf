#include "seed.h"

#include <stdio.h>
#include <string.h>

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

/* 2021-03-04T05:06:07Z; the seeded dates go on from here. */
static const time_t FIRST_CREATED = 1614834367;

static void seed_secret(struct scope *scope, const char *name, size_t nth)
{
    time_t created = FIRST_CREATED + (time_t)nth * 2345678;
    time_t updated = nth % 3 == 0 ? created : created + (time_t)(nth % 5 + 1) * 3210987;
    char value[128];

    snprintf(value, sizeof(value), "seeded-%s-%zu", name, nth);
    scope_seed(scope, name, value, created, updated);
}

void seed_none(struct state *state)
{
    state_add_account(state, state->config.login, false);
}

void seed_demo(struct state *state)
{
    size_t nth = 0;

    seed_none(state);
    state_add_account(state, "acme", true);
    state_add_account(state, "globex", true);
    for (size_t i = 0; i < sizeof(demo) / sizeof(demo[0]); i++) {
        struct account *owner = state_account(state, demo[i].owner);
        struct repository *repository = state_add_repository(state, owner, demo[i].name);

        repository->private = !demo[i].public;
        repository->archived = demo[i].archived;
        if (demo[i].former_name)
            state_add_former_name(state, demo[i].former_name, repository);
        for (size_t s = 0; demo[i].secrets[s]; s++)
            seed_secret(repository->secrets, demo[i].secrets[s], nth++);
    }
}

void seed_numbered_secrets(struct scope *scope, int64_t count)
{
    for (int64_t i = 1; i <= count; i++) {
        char name[32];
        struct secret *secret;

        snprintf(name, sizeof(name), "SECRET_%04lld", (long long)i);
        secret = scope_secret(scope, name);
        if (!secret || !secret_exists(secret))
            seed_secret(scope, name, (size_t)i % 64);
    }
}
