#include "github/pace.h"

#include <assert.h>

#include "base/text.h"

#define MILLI 1000

static bool is_read(const char *method)
{
    return strcmp(method, "GET") == 0;
}

static int64_t cost(const char *method)
{
    return (is_read(method) ? 1 : 5) * MILLI;
}

/* A point a second is a millipoint a millisecond. */
static int64_t refilled(const struct pace *pace, uint64_t now_ms)
{
    assert(now_ms >= pace->at_ms);
    int64_t most = (int64_t)PACE_BURST * MILLI - pace->reserved;
    int64_t points = pace->millipoints + (int64_t)(now_ms - pace->at_ms) * PACE_RATE;
    return points < most ? points : most;
}

void pace_init(struct pace *pace, uint64_t now_ms)
{
    *pace = (struct pace){.millipoints = (int64_t)PACE_BURST * MILLI, .at_ms = now_ms};
}

uint64_t pace_reserve(struct pace *pace, const char *method, uint64_t now_ms)
{
    int64_t price = cost(method);

    pace->millipoints = refilled(pace, now_ms) - price;
    pace->at_ms = now_ms;
    int64_t missing = -pace->millipoints - (is_read(method) ? pace->reserved : 0);
    if (missing <= 0)
        return 0;
    pace->reserved += price;
    return (uint64_t)(missing + PACE_RATE - 1) / PACE_RATE;
}

void pace_spend(struct pace *pace, const char *method)
{
    assert(pace->reserved >= cost(method));
    pace->reserved -= cost(method);
}

void pace_give_back(struct pace *pace, const char *method)
{
    assert(pace->reserved >= cost(method));
    pace->reserved -= cost(method);
    pace->millipoints += cost(method);
}

unsigned pace_left(const struct pace *pace, uint64_t now_ms)
{
    int64_t points = refilled(pace, now_ms);
    return points > 0 ? (unsigned)(points / MILLI) : 0;
}
