/*
 * The API client. Everything that is asked goes through one `struct github`: one origin, one
 * token, one set of connections, at most `max_requests` in flight.
 */
#ifndef GHSECRETFS_GITHUB_H
#define GHSECRETFS_GITHUB_H

#include "base/loop.h"
#include "github/credentials.h"

struct github_options {
    const char *base_url;    /* without a trailing slash */
    const char *api_version; /* X-GitHub-Api-Version */
    const char *user_agent;
    const char *ca_file, *ca_dir; /* or NULL */
    bool ca_file_alone;           /* no other certificates count */
    unsigned max_requests;
    bool paced; /* github.com: its published budget is kept (pace.h) */
    struct credentials credentials;
};

struct github;

/* Strings of `options` are copied. 0 or -errno. Call after the last fork(). */
int github_new(
    struct loop *loop, const struct github_options *options, struct github **ret) WARN_UNUSED;
/* Drops what is under way; nobody who waits is told. Calls and lists must be cancelled and
 * waits left before, and the credentials must not answer any more. Not from a callback. */
void github_free(struct github *gh);

/* For `status`. */
struct github_status {
    const char *base_url;
    uint64_t requests, retries, not_modified, failed; /* since the start; requests: tries */
    uint64_t connections, bytes_sent, bytes_received;
    unsigned in_flight, queued;
    int64_t limit, limit_remaining, limit_reset; /* -1: not known */
    uint64_t limited_for_ms;                     /* rate limited for so much longer; or 0 */
    int points_left;                             /* of the budget of a minute; -1: not paced */
};
struct github_status github_status(const struct github *gh);

/* The time by which all deadlines of this layer and of those above are kept: see clock.h. */
uint64_t github_now_ms(const struct github *gh);

/* Replaces the token in `text` by stars: for what a server may have put in there. `gh` may be
 * NULL. */
void github_hide_token(const struct github *gh, char *text);

/* Grows by one whenever the token was read again. */
unsigned github_token_generation(const struct github *gh);

#endif
