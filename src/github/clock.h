/*
 * The clock by which all deadlines of this layer and of those above are kept: the loop's, but
 * it stands still while anything waits for points of the budget (pace.h). So nobody's time runs
 * out because this side holds back.
 */
#ifndef GHSECRETFS_CLOCK_H
#define GHSECRETFS_CLOCK_H

#include <stdint.h>

struct clock {
    unsigned stops;      /* how many want the clock to stand still */
    uint64_t stopped_ms; /* loop_now_ms() when the clock stopped, while there are any */
    uint64_t stood_ms;   /* how long the clock has stood still in all, before that */
};

/* Milliseconds. */
uint64_t clock_now_ms(const struct clock *clock);

/* The clock stands still from the first stop until every stop was followed by a clock_go_on().
 */
void clock_stop(struct clock *clock);
void clock_go_on(struct clock *clock);

#endif
