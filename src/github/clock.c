#include "github/clock.h"

#include <assert.h>

#include "base/loop.h"

uint64_t clock_now_ms(const struct clock *clock)
{
    uint64_t now = clock->stops ? clock->stopped_ms : loop_now_ms();
    return now - clock->stood_ms;
}

void clock_stop(struct clock *clock)
{
    if (clock->stops++ == 0)
        clock->stopped_ms = loop_now_ms();
}

void clock_go_on(struct clock *clock)
{
    assert(clock->stops > 0);
    if (--clock->stops == 0)
        clock->stood_ms += loop_now_ms() - clock->stopped_ms;
}
