/*
 * The API client. Every request goes through one `struct github`, which has one origin, one
 * token, one set of connections, and at most `max_requests` requests in flight.
 *
 * A call (call.h) asks one question, with as many requests as the question takes; a list
 * (list.h) is one request a page. A request (request.h) is one or more tries. Each try is an
 * exchange (http.h): one HTTP request and its answer.
 */
#ifndef GHSECRETFS_GITHUB_H
#define GHSECRETFS_GITHUB_H

#include "base/loop.h"
#include "github/credentials.h"

struct github_options {
    const char *base_url;    /* without a trailing slash */
    const char *api_version; /* X-GitHub-Api-Version */
    const char *user_agent;
    const char *ca_file, *ca_dir; /* http_options.ca_file and ca_dir */
    bool ca_file_alone;           /* http_options.ca_file_alone */
    unsigned max_requests;        /* in flight at once; at least 1 */
    bool paced;                   /* the budget that github.com publishes is kept (pace.h) */
    struct credentials credentials;
};

struct github;

/* The strings of `options` are copied. To be called after the last fork(). 0 or -ENOMEM. */
int github_new(
    struct loop *loop, const struct github_options *options, struct github **ret) WARN_UNUSED;
/* Drops every request; no callback is called. Before github_free() the owners cancel their
 * calls and lists and leave their waits, and a reading of the token that is under way is
 * cancelled. Not to be called from a callback of this layer. NULL is allowed. */
void github_free(struct github *gh);

/* What the file `status` tells of the client. All counts but in_flight and queued are since the
 * start. */
struct github_status {
    const char *base_url; /* borrowed */
    uint64_t requests;    /* tries that were sent */
    uint64_t retries, not_modified, failed;
    uint64_t connections, bytes_sent, bytes_received;
    unsigned in_flight, queued;                  /* requests, now */
    int64_t limit, limit_remaining, limit_reset; /* struct limit's numbers; -1: not known */
    uint64_t limited_for_ms;                     /* nothing is sent for so long; 0: no limit */
    int points_left; /* points that can be spent at once (pace.h); -1: not paced */
};
struct github_status github_status(const struct github *gh);

/* The time in milliseconds on the clock of all deadlines: see clock.h. */
uint64_t github_now_ms(const struct github *gh);

/* Replaces the token in `text` by stars, for a text that a server may have put the token in.
 * NULL for `gh` leaves the text as it is. */
void github_hide_token(const struct github *gh, char *text);

/* How often the token was read again since the start. */
unsigned github_token_generation(const struct github *gh);

#endif
