/*
 * The one event loop: descriptors, timers, and nothing else. Single-threaded; callbacks run
 * one at a time and may add, change and remove any watch or timer, their own included.
 *
 * A watch or a timer is embedded in its owner's struct. The loop keeps a pointer to the watch
 * or timer until the owner removes it.
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

/* Watches watch->fd for `events`, and no longer for the events of an earlier call. 0 or
 * -errno. */
int loop_watch(struct loop *loop, struct loop_watch *watch, uint32_t events) WARN_UNUSED;
/* To be called before the descriptor is closed. Does nothing to what is not watched. */
void loop_unwatch(struct loop *loop, struct loop_watch *watch);

/* The timer fires once, at `at_ms` or as soon after as the loop is free. A timer that is set
 * already is moved. */
void loop_set_timer(struct loop *loop, struct loop_timer *timer, uint64_t at_ms);
void loop_clear_timer(struct loop *loop, struct loop_timer *timer);

/* Runs until loop_stop(). 0, or -errno when waiting failed. */
int loop_run(struct loop *loop) WARN_UNUSED;
/* Ends loop_run() after the callback that calls it. */
void loop_stop(struct loop *loop);

#endif
