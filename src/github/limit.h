/*
 * The rate limit, as far as the server has told of it, and the requests that wait for its end.
 */
#ifndef GHSECRETFS_LIMIT_H
#define GHSECRETFS_LIMIT_H

#include "base/wait.h"
#include "github/response.h"

struct limit {
    uint64_t until_ms;   /* loop_now_ms()'s: nothing is sent before */
    struct failure why;  /* why nothing is sent until then */
    struct waiters wait; /* told when the limit is forgotten; its end has no event */
    /* X-RateLimit-*: requests an hour, how many are left, Unix seconds; -1: not known. */
    int64_t requests, remaining, reset;
};

void limit_init(struct limit *limit);

/* An answer has come, which may tell of the hour's limit. */
void limit_note(struct limit *limit, const struct http_response *response);
/* An answer was a success. Was that the last request of the hour? The next would be refused. */
void limit_note_used_up(struct limit *limit, const struct http_response *response);
/* An answer was a refusal: nothing more for `wait_ms`. Of two limits the longer counts. */
void limit_note_refused(struct limit *limit, uint64_t wait_ms, const struct failure *why);

/* For how many milliseconds nothing may be sent; 0: it may. */
uint64_t limit_left_ms(const struct limit *limit);

/* The limit counts no more: it was that of another token. Who waits for its end is told. */
void limit_forget(struct limit *limit);

#endif
