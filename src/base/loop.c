#include "base/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>

/* Events taken from the kernel at once; more are taken on the next turn. */
#define EVENTS_AT_ONCE 32

struct loop {
    int epoll_fd;
    bool stopped;
    struct loop_timer *timers; /* soonest first */
    /* The turn's events, so that removing a watch can drop what is pending for it. */
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

/* Of two for the same time the one that was set first comes first. */
static int compare_timers(const struct loop_timer *set, const struct loop_timer *added)
{
    return set->at_ms > added->at_ms ? 1 : -1;
}

void loop_set_timer(struct loop *loop, struct loop_timer *timer, uint64_t at_ms)
{
    loop_clear_timer(loop, timer);
    timer->at_ms = at_ms;
    timer->set = true;
    DL_INSERT_INORDER(loop->timers, timer, compare_timers);
}

void loop_clear_timer(struct loop *loop, struct loop_timer *timer)
{
    if (!timer->set)
        return;
    DL_DELETE(loop->timers, timer);
    timer->set = false;
}

static int milliseconds_to_wait(const struct loop *loop)
{
    if (!loop->timers)
        return -1;
    uint64_t now = loop_now_ms();
    if (loop->timers->at_ms <= now)
        return 0;
    uint64_t wait = loop->timers->at_ms - now;
    return wait > 3600000 ? 3600000 : (int)wait;
}

static void fire_timers(struct loop *loop)
{
    uint64_t now = loop_now_ms();
    while (!loop->stopped && loop->timers && loop->timers->at_ms <= now) {
        struct loop_timer *timer = loop->timers;
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
