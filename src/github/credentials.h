/*
 * The token and its renewal: a refused token is read again, once for all requests that were
 * refused with that token.
 */
#ifndef GHSECRETFS_CREDENTIALS_H
#define GHSECRETFS_CREDENTIALS_H

#include "base/locked.h"
#include "base/wait.h"

struct github;

/* Where the token comes from; src/program/token.c implements this table. */
struct credentials {
    void *context; /* handed to each function of the table */
    /* The token as last read, without a line end. Borrowed until the loop turns. */
    const struct locked *(*token)(void *context);
    /* Reads the token again. 0: done() is called once, later, from the loop, with 0 or with the
     * -errno for which the old token stays. A -errno: nothing was started. `deadline_ms` is on
     * the clock of loop_now_ms(). NULL: the token cannot change. */
    int (*reread)(
        void *context, uint64_t deadline_ms, void (*done)(void *arg, int err), void *arg);
    /* One printable line that says why the last reading failed, for which done() got an error.
     * Borrowed until the loop turns. */
    const char *(*problem)(void *context);
    /* Reading runs a command, so the token is read at most once a second, and ever more rarely
     * while the server refuses what the command prints (contract §1.7). */
    bool costly;
};

/* The server accepted the token of that generation (github_token_generation()). */
void credentials_accepted(struct github *gh, unsigned generation);

/* Waits until the refused token, which is that of `generation`, has been replaced. The result
 * follows the convention of wait.h. */
int credentials_reread_token(
    struct github *gh, unsigned generation, struct wait *wait) WARN_UNUSED;

#endif
