/*
 * What an HTTP answer means: done, failed with which errno, or worth another try and when.
 * The table of contract §5.3, in one place; a pure function, so that tests can go
 * through it row by row.
 */
#ifndef GHSECRETFS_VERDICT_H
#define GHSECRETFS_VERDICT_H

#include "base/failure.h"
#include "github/endpoint.h"
#include "github/response.h"

enum verdict_action {
    VERDICT_OK,       /* done, by the endpoint's own statuses */
    VERDICT_FAIL,     /* for good: `why` */
    VERDICT_RETRY,    /* after backing off, `wait_ms` at least; `why` if no time is left */
    VERDICT_LIMITED,  /* by a rate limit: nothing more for `wait_ms`; `why` likewise */
    VERDICT_TOKEN,    /* the token was refused: read it again; `why` likewise */
    VERDICT_VERSION,  /* the API version is not known there: go on without; `why` likewise */
    VERDICT_REDIRECT, /* response->location */
};

struct verdict {
    enum verdict_action action;
    uint64_t wait_ms; /* what the server asks for */
    struct failure why;
};

/* No wait that a server asks for is longer: GitHub's limits begin anew every hour. */
#define VERDICT_WAIT_MAX_S 3600

/* What was asked of `endpoint`; `conditional` as endpoint_succeeded() takes it. */
void verdict_reach(const struct http_response *response, enum endpoint endpoint,
    bool conditional, struct verdict *ret);

/* In how many seconds, by the server's own clock where its answer tells, the answer's rate
 * limit begins anew; 0: now, or not known. May be more than VERDICT_WAIT_MAX_S. */
int64_t verdict_reset_in_s(const struct http_response *response);

/* How long to back off before the try after the `tries`-th (1 for the first), in
 * milliseconds: exponential, capped, with jitter. */
uint64_t verdict_backoff_ms(unsigned tries);

#endif
