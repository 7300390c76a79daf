/*
 * The token and its renewal: read again, once for all requests that it was refused for.
 */
#ifndef GHSECRETFS_CREDENTIALS_H
#define GHSECRETFS_CREDENTIALS_H

#include "base/locked.h"
#include "base/wait.h"

struct github;

/* Where the token comes from; implemented above. */
struct credentials {
    void *context;
    /* The token as it was last read, without a line end. */
    const struct locked *(*token)(void *context);
    /* NULL when it cannot change. Else reads it again and calls done, later, from the loop:
     * 0, or -errno when the old token stays. A non-zero result: not started. The deadline is
     * loop_now_ms()'s. */
    int (*reread)(
        void *context, uint64_t deadline_ms, void (*done)(void *arg, int err), void *arg);
    /* One printable line on why the last reading, which gave done() an error, failed. */
    const char *(*problem)(void *context);
    /* Reading runs a command: not more often than once a second, and ever more rarely while
     * what it gives is refused. */
    bool costly;
};

/* The server took the token of that generation. */
void credentials_accepted(struct github *gh, unsigned generation);

/* Waits until the token that `generation` was refused with has been replaced. As wait.h. */
int credentials_reread_token(
    struct github *gh, unsigned generation, struct wait *wait) WARN_UNUSED;

#endif
