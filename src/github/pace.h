/*
 * Pacing: github.com's published budget of 900 points a minute, in any minute, kept from this
 * side, so that a bulk run never meets the secondary rate limit (evidence §1.9: a GET is one
 * point, a PUT or DELETE five; contract §6.5).
 *
 * A token bucket: PACE_BURST points at once, PACE_RATE a second after that, which is one write
 * a second. Points are reserved in the order of the requests, so the wait of each is known at
 * once. Reads go before writes that only wait for their points: `ls` answers in the middle of a
 * bulk run.
 */
#ifndef GHSECRETFS_PACE_H
#define GHSECRETFS_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* A hundred secrets at once, and what is read for them. */
#define PACE_BURST 540
#define PACE_RATE 5
/* PACE_BURST + 60 * PACE_RATE is 840 of the 900; the rest is for reads that go before. */

struct pace {
    int64_t millipoints; /* that nobody has reserved; below 0: owed to those who wait */
    int64_t reserved;    /* by writes that wait, in millipoints */
    uint64_t at_ms;      /* when that was so */
};

void pace_init(struct pace *pace, uint64_t now_ms);

/* Reserves what a request of that method costs. In how many milliseconds it may be sent; 0: at
 * once. */
uint64_t pace_reserve(struct pace *pace, const char *method, uint64_t now_ms);
/* A request that had to wait is sent. */
void pace_spend(struct pace *pace, const char *method);
/* A request that had to wait is dropped instead. */
void pace_give_back(struct pace *pace, const char *method);

/* Points that could be spent at once. */
unsigned pace_left(const struct pace *pace, uint64_t now_ms);

#endif
