/*
 * The token and its renewal: read again, once for all requests that it was refused for.
 */
#ifndef GHSECRETFS_CREDENTIALS_H
#define GHSECRETFS_CREDENTIALS_H

#include "github/github.h"

/* The server took the token of that generation. */
void credentials_accepted(struct github *gh, unsigned generation);

/* Waits until the token that `generation` was refused with has been replaced. As wait.h. */
int credentials_reread_token(
    struct github *gh, unsigned generation, struct wait *wait) WARN_UNUSED;

#endif
