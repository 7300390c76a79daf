/*
 * What an HTTP answer means: the request is done, has failed with which errno, or is worth
 * another try, and when. Here is the table of contract §5.3. verdict_reach() sends and changes
 * nothing, so tests go through the table row by row.
 */
#ifndef GHSECRETFS_VERDICT_H
#define GHSECRETFS_VERDICT_H

#include "base/failure.h"
#include "github/endpoint.h"
#include "github/response.h"

enum verdict_action {
    VERDICT_OK,       /* the request did what was asked: endpoint_succeeded() */
    VERDICT_FAIL,     /* the request has failed; another try would too */
    VERDICT_RETRY,    /* try again after backing off, for `wait_ms` at least */
    VERDICT_LIMITED,  /* the rate limit: send no request for `wait_ms`, then try again */
    VERDICT_TOKEN,    /* the token was refused: read the token again, then try again */
    VERDICT_VERSION,  /* the server does not know the API version: try without a version */
    VERDICT_REDIRECT, /* try again at response->location */
};

struct verdict {
    enum verdict_action action;
    uint64_t wait_ms; /* how long the server asks to wait; 0: the server does not ask */
    /* How the request fails if no other try is made. No error for _OK and _REDIRECT. */
    struct failure why;
};

/* A longer wait is not believed: GitHub's limits begin anew every hour. */
#define VERDICT_WAIT_MAX_S 3600

/* Judges the answer to a request for `endpoint`. `conditional`: see endpoint_succeeded(). */
void verdict_reach(const struct http_response *response, enum endpoint endpoint,
    bool conditional, struct verdict *ret);

/* In how many seconds the hour of the answer's rate limit ends, by the answer's Date if there
 * is one, else by this machine's clock. 0: now, or not known. The result may be more than
 * VERDICT_WAIT_MAX_S. */
int64_t verdict_reset_in_s(const struct http_response *response);

/* How many milliseconds to back off after `tries` tries have failed (1: the first):
 * exponential, capped, with jitter. */
uint64_t verdict_backoff_ms(unsigned tries);

#endif
