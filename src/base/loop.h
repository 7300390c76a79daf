/*
 * The one event loop: descriptors, timers, and nothing else. Single-threaded; callbacks run
 * one at a time and may add, change and remove any watch or timer, their own included.
 *
 * Watches and timers are embedded in what they belong to and owned by it; the loop keeps
 * pointers to them until they are removed.
 */
#ifndef GHSECRETFS_LOOP_H
#define GHSECRETFS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "base/timers.h"

struct loop;

struct loop_watch {
    /* `events` is what epoll said: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP. */
    void (*ready)(struct loop_watch *watch, uint32_t events);
    int fd;
    bool watched;
};

struct loop_timer {
    void (*fire)(struct loop_timer *timer);
    bool set;
    struct timer_node node; /* at_ms is on the clock of loop_now_ms() */
};

/* CLOCK_MONOTONIC in milliseconds. */
uint64_t loop_now_ms(void);

/* 0 or -errno. */
int loop_new(struct loop **ret) WARN_UNUSED;
void loop_free(struct loop *loop);

/* Watches watch->fd for `events`, instead of what it was watched for before. 0 or -errno. */
int loop_watch(struct loop *loop, struct loop_watch *watch, uint32_t events) WARN_UNUSED;
/* Also right when it is not watched. Call before the descriptor is closed. */
void loop_unwatch(struct loop *loop, struct loop_watch *watch);

/* Fires once, at `at_ms` or as soon as the loop gets to it; set again, it moves. */
void loop_set_timer(struct loop *loop, struct loop_timer *timer, uint64_t at_ms);
void loop_clear_timer(struct loop *loop, struct loop_timer *timer);

/* Runs until loop_stop(). 0, or -errno when waiting failed. */
int loop_run(struct loop *loop) WARN_UNUSED;
/* Ends loop_run() after the callback that calls it. */
void loop_stop(struct loop *loop);

#endif
