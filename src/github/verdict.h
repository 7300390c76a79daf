/*
 * What an HTTP answer means: done, failed with which errno, or worth another try and when.
 * The table of the contract's §5, in one place; a pure function, so that tests can go
 * through it row by row.
 */
#ifndef GHSECRETFS_VERDICT_H
#define GHSECRETFS_VERDICT_H

#include "github/failure.h"
#include "github/response.h"

enum verdict_action {
    VERDICT_OK,       /* 2xx or 304 */
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

/* `now` is Unix seconds. */
void verdict_reach(const struct http_response *response, int64_t now, struct verdict *ret);

/* How long to back off before the try after the `tries`-th (1 for the first), in
 * milliseconds: exponential, capped, with jitter. */
uint64_t verdict_backoff_ms(unsigned tries);

#endif
