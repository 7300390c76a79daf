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

#endif
