#include "base/loop.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/container.h"

/* So many events are taken from the kernel at once; the next turn takes the others. */
#define EVENTS_AT_ONCE 32

struct loop {
    int epoll_fd;
    bool stopped;
    struct timers timers;
    /* The events of the current turn, so that loop_unwatch() can drop those of its watch. */
    struct epoll_event events[EVENTS_AT_ONCE];
    int event_count;
};

uint64_t loop_now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

int loop_new(struct loop **ret)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return -ENOMEM;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        int err = -errno;
        free(loop);
        return err;
    }
    *ret = loop;
    return 0;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    close(loop->epoll_fd);
    free(loop);
}

int loop_watch(struct loop *loop, struct loop_watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    assert(watch->ready);
    int op = watch->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(loop->epoll_fd, op, watch->fd, &event) != 0)
        return -errno;
    watch->watched = true;
    return 0;
}

void loop_unwatch(struct loop *loop, struct loop_watch *watch)
{
    if (!watch->watched)
        return;
    (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->watched = false;
    for (int i = 0; i < loop->event_count; i++)
        if (loop->events[i].data.ptr == watch)
            loop->events[i].data.ptr = NULL;
}

void loop_set_timer(struct loop *loop, struct loop_timer *timer, uint64_t at_ms)
{
    loop_clear_timer(loop, timer);
    timer->set = true;
    timers_add(&loop->timers, &timer->node, at_ms);
}

void loop_clear_timer(struct loop *loop, struct loop_timer *timer)
{
    if (!timer->set)
        return;
    timers_remove(&loop->timers, &timer->node);
    timer->set = false;
}

static int milliseconds_to_wait(const struct loop *loop)
{
    const struct timer_node *first = loop->timers.first;
    if (!first)
        return -1;
    uint64_t now = loop_now_ms();
    if (first->at_ms <= now)
        return 0;
    uint64_t wait = first->at_ms - now;
    return wait > 3600000 ? 3600000 : (int)wait;
}

static void fire_timers(struct loop *loop)
{
    uint64_t now = loop_now_ms();
    const struct timer_node *first;
    while (!loop->stopped && (first = loop->timers.first) && first->at_ms <= now) {
        struct loop_timer *timer = CONTAINER_OF(first, struct loop_timer, node);
        assert(timer->set);
        loop_clear_timer(loop, timer);
        timer->fire(timer);
    }
}

int loop_run(struct loop *loop)
{
    loop->stopped = false;
    while (!loop->stopped) {
        int wait = milliseconds_to_wait(loop);
        loop->event_count = epoll_wait(loop->epoll_fd, loop->events, EVENTS_AT_ONCE, wait);
        if (loop->event_count < 0 && errno != EINTR)
            return -errno;
        for (int i = 0; i < loop->event_count && !loop->stopped; i++) {
            struct loop_watch *watch = loop->events[i].data.ptr;
            if (watch)
                watch->ready(watch, loop->events[i].events);
        }
        loop->event_count = 0;
        fire_timers(loop);
    }
    return 0;
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}
