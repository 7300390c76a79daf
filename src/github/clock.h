/*
 * The clock of all deadlines, in this layer and in the layers above: the loop's clock, except
 * that this clock stands still while any request waits for points of the budget (pace.h). So no
 * deadline passes because the program itself holds requests back.
 */
#ifndef GHSECRETFS_CLOCK_H
#define GHSECRETFS_CLOCK_H

#include <stdint.h>

struct clock {
    unsigned stops;      /* clock_stop()s without their clock_go_on() yet */
    uint64_t stopped_ms; /* loop_now_ms() when the clock stopped; valid while stops > 0 */
    uint64_t stood_ms;   /* for how long the clock stood still in all, this time excepted */
};

/* The clock's time in milliseconds; only differences mean anything. */
uint64_t clock_now_ms(const struct clock *clock);

/* The clock stands still from the first clock_stop() until each clock_stop() has had its
 * clock_go_on(). */
void clock_stop(struct clock *clock);
void clock_go_on(struct clock *clock);

#endif
