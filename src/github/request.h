/*
 * One request to the API, from the caller's wish to the final outcome. A request is queued
 * while `max_requests` others are in flight, tried again while its deadline allows, and
 * redirected within the origin. When the server refuses the token, the token is read again.
 */
#ifndef GHSECRETFS_REQUEST_H
#define GHSECRETFS_REQUEST_H

#include "base/failure.h"
#include "github/endpoint.h"
#include "github/response.h"

struct github;
struct request;

struct request_options {
    enum endpoint endpoint;
    const char *path;     /* encoded, from the API's base on: "/user"; copied */
    const char *etag;     /* for If-None-Match; copied; NULL: unconditional */
    const char *body;     /* JSON; copied; NULL: none */
    uint64_t deadline_ms; /* on the clock of github_now_ms() */
    /* No second try where no connection could be made: for the first request of a mount,
     * where a person waits for the message. */
    bool impatient;
    /* The time of loop_now_ms() from which on `body` is too old to be sent. A try that would be
     * sent later, the first or another, ends the request with -ERESTART. 0: never too old. */
    uint64_t good_until_ms;
    /* The request takes the place of one that ended with -ERESTART and had its points (pace.h)
     * by then: for the first try no points are reserved. */
    bool is_paid;
};

/*
 * Called once, from the loop, unless the request is cancelled. `why` is NULL on success, and
 * `response` is NULL on failure; both are borrowed until the function returns. Success is what
 * endpoint_succeeded() says, and one case more: a DELETE that was sent more than once and whose
 * last answer was 404.
 */
typedef void request_done(
    void *arg, const struct failure *why, const struct http_response *response);

/* 0, or -ENOMEM, after which `done` is not called. `*ret` is valid until `done` is called or
 * the request is cancelled. */
int request_start(struct github *gh, const struct request_options *options, request_done *done,
    void *arg, struct request **ret) WARN_UNUSED;

/* Drops the request: `done` is not called. The server may still process a try that was sent.
 * NULL is allowed. */
void request_cancel(struct request *request);

#endif
