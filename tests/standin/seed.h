/*
 * What the server starts with.
 */
#ifndef STANDIN_SEED_H
#define STANDIN_SEED_H

#include "state.h"

/* Only the user that the token belongs to. */
void seed_none(struct state *state);

/* An organization, its repositories, and the user's own; see README.md. */
void seed_demo(struct state *state);

/* SECRET_0001 and so on, up to count of them, where they are missing. */
void seed_numbered_secrets(struct scope *scope, int64_t count);

/* PREFIX-0001 and so on. */
void seed_numbered_repositories(
    struct state *state, const struct account *owner, const char *prefix, int64_t count);

/* env-0001 and so on. */
void seed_numbered_environments(
    struct state *state, struct repository *repository, int64_t count);

/* Creates or replaces a secret. */
void seed_organization_secret(
    struct account *organization, const char *name, const struct sharing *sharing);

/* ORG_SECRET_0001 and so on, where they are missing; every third one shared otherwise. */
void seed_numbered_organization_secrets(struct account *organization, int64_t count,
    const struct sharing *sharing, const struct sharing *every_third);

#endif
