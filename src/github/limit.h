/*
 * GitHub's rate limit, as far as answers have told of the limit, and the requests that wait for
 * the limit's end.
 */
#ifndef GHSECRETFS_LIMIT_H
#define GHSECRETFS_LIMIT_H

#include "base/wait.h"
#include "github/response.h"

struct limit {
    uint64_t until_ms;   /* nothing is sent before this time of loop_now_ms() */
    struct failure why;  /* why nothing is sent before until_ms */
    struct waiters wait; /* told by limit_forget(), and not when until_ms comes */
    /* X-RateLimit-Limit, -Remaining and -Reset: requests an hour, how many of them are left,
     * and when the hour ends, in Unix seconds. -1: not known. */
    int64_t requests, remaining, reset;
};

void limit_init(struct limit *limit);

/* Keeps the numbers that an answer tells of the hour's limit. For every answer. */
void limit_note(struct limit *limit, const struct http_response *response);
/* For every success. When the answer says that no request of the hour is left, nothing is sent
 * until the hour ends: the server would refuse the next request. */
void limit_note_used_up(struct limit *limit, const struct http_response *response);
/* The server refused a request for its rate limit: nothing is sent for `wait_ms`. Of two limits
 * the one that ends later counts. */
void limit_note_refused(struct limit *limit, uint64_t wait_ms, const struct failure *why);

/* For how many milliseconds nothing may be sent; 0: requests may be sent now. */
uint64_t limit_left_ms(const struct limit *limit);

/* Forgets the limit, which belonged to the token before, and tells all who wait for its end. */
void limit_forget(struct limit *limit);

#endif
