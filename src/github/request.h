/*
 * One request to the API, from the caller's wish to its final outcome: queued while
 * `max_requests` are in flight, tried again while its deadline allows, redirected within the
 * origin, with the token read again where it was refused.
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
    const char *path;     /* encoded, from the API's base on: "/user" */
    const char *etag;     /* NULL: unconditional */
    const char *body;     /* JSON, copied; NULL: none */
    uint64_t deadline_ms; /* of github_now_ms() */
    /* No second try where no connection could be made: for the first request of a mount,
     * where a person waits for the message. */
    bool impatient;
    /* Of loop_now_ms(). What would be sent later, be it after a first try, is too old: the
     * request then ends with -ERESTART. 0: it is always good. */
    uint64_t good_until_ms;
    /* The points of the budget are paid: of what was made anew after -ERESTART, which comes
     * when it is its turn. */
    bool is_paid;
};

/*
 * Called once, from the loop, unless the request is cancelled. `why` is NULL when the answer
 * means success by endpoint.h; `response` is then valid for the time of the call. A DELETE that
 * was sent more than once and found nothing the last time is a success.
 */
typedef void request_done(
    void *arg, const struct failure *why, const struct http_response *response);

/* 0 or -ENOMEM, when `done` is not called. */
int request_start(struct github *gh, const struct request_options *options, request_done *done,
    void *arg, struct request **ret) WARN_UNUSED;

/* Drops it; `done` is not called. NULL is allowed. What was sent may still be processed. */
void request_cancel(struct request *request);

#endif
