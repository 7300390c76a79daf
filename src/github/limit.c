#include "github/limit.h"

#include <errno.h>
#include <inttypes.h>

#include "base/loop.h"
#include "github/verdict.h"

static void forget_numbers(struct limit *limit)
{
    limit->requests = limit->remaining = limit->reset = -1;
}

void limit_init(struct limit *limit)
{
    forget_numbers(limit);
}

static void keep(int64_t *number, int64_t told)
{
    if (told >= 0)
        *number = told;
}

void limit_note(struct limit *limit, const struct http_response *response)
{
    keep(&limit->requests, response->limit);
    keep(&limit->remaining, response->limit_remaining);
    keep(&limit->reset, response->limit_reset);
}

void limit_note_refused(struct limit *limit, uint64_t wait_ms, const struct failure *why)
{
    uint64_t until_ms = loop_now_ms() + wait_ms;
    if (until_ms <= limit->until_ms)
        return;
    limit->until_ms = until_ms;
    limit->why = *why;
}

void limit_note_used_up(struct limit *limit, const struct http_response *response)
{
    int64_t left_s = verdict_reset_in_s(response);
    struct failure why;

    /* A reset that is more than an hour away is wrong, and would stop the mount for nothing. */
    if (response->limit_remaining != 0 || left_s <= 0 || left_s > VERDICT_WAIT_MAX_S)
        return;
    failure_set(
        &why, -EAGAIN, "the rate limit of %" PRId64 " requests is used up", response->limit);
    uint64_t wait_ms = ((uint64_t)left_s + 1) * 1000;
    failure_tell_end(&why, wait_ms);
    limit_note_refused(limit, wait_ms, &why);
}

uint64_t limit_left_ms(const struct limit *limit)
{
    uint64_t now = loop_now_ms();
    return limit->until_ms > now ? limit->until_ms - now : 0;
}

void limit_forget(struct limit *limit)
{
    limit->until_ms = 0;
    forget_numbers(limit);
    waiters_finish(&limit->wait, NULL);
}
