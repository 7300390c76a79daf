/*
 * Pacing: the program keeps to the budget that github.com publishes, 900 points in any minute,
 * so that a bulk run never meets the secondary rate limit (contract §6.5). A GET costs one
 * point, a PUT or DELETE five (evidence §1.9).
 *
 * A token bucket: PACE_BURST points at once, PACE_RATE a second after that, which is one write
 * a second. Points are reserved in the order of the requests, so how long a request waits is
 * known when the request comes. A read may use points that waiting requests have reserved, so
 * `ls` answers in the middle of a bulk run.
 */
#ifndef GHSECRETFS_PACE_H
#define GHSECRETFS_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* In points: the PUTs of a hundred secrets, and what the program reads meanwhile. */
#define PACE_BURST 540
/* In points a second. PACE_BURST + 60 * PACE_RATE is 840 of the 900 points of a minute; 60 are
 * left for reads that do not wait for points. */
#define PACE_RATE 5

struct pace {
    int64_t millipoints; /* that no request has reserved; below 0: reserved, not yet there */
    int64_t reserved;    /* millipoints of the requests that wait for their points */
    uint64_t at_ms;      /* the time to which `millipoints` belongs, by loop_now_ms() */
};

void pace_init(struct pace *pace, uint64_t now_ms);

/* Reserves the points of a request with that method. Returns in how many milliseconds the
 * request may be sent. 0: at once, and the points are spent. Otherwise pace_spend() or
 * pace_give_back() is to follow. */
uint64_t pace_reserve(struct pace *pace, const char *method, uint64_t now_ms);

/* A request that had to wait spends its points: the wait is over. */
void pace_spend(struct pace *pace, const char *method);

/* A request that had to wait was dropped, and its points are free again. */
void pace_give_back(struct pace *pace, const char *method);

/* How many points can be spent at once. */
unsigned pace_left(const struct pace *pace, uint64_t now_ms);

#endif
