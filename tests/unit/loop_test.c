/*
 * loop.h: the order of timers, and callbacks that change what the loop is going through.
 */
#include "base/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/container.h"
#include "cmocka_all.h"

struct tick {
    struct loop_timer timer;
    char name;
    struct loop_timer *clears; /* in its callback, or NULL */
    struct loop_timer *sets;   /* to fire at once, or NULL */
    bool stops;
};

static struct loop *loop;
static char trace[64];

static void note(char name)
{
    size_t len = strlen(trace);
    assert_true(len + 1 < sizeof trace);
    trace[len] = name;
}

static void tick_fired(struct loop_timer *timer)
{
    struct tick *tick = CONTAINER_OF(timer, struct tick, timer);
    assert_false(timer->set);
    assert_true(loop_now_ms() >= timer->node.at_ms);
    note(tick->name);
    if (tick->clears)
        loop_clear_timer(loop, tick->clears);
    if (tick->sets) {
        loop_set_timer(loop, tick->sets, loop_now_ms());
        tick->sets = NULL;
    }
    if (tick->stops)
        loop_stop(loop);
}

static struct tick tick(char name)
{
    return (struct tick){.timer = {.fire = tick_fired}, .name = name};
}

static void test_timers_in_order(void **state)
{
    static const struct {
        char name;
        uint64_t in_ms;
    } rows[] = {{'d', 30}, {'b', 10}, {'c', 20}, {'a', 0}, {'e', 30}, {'f', 40}};
    struct tick ticks[LENGTH(rows)];
    uint64_t now = loop_now_ms();
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        ticks[i] = tick(rows[i].name);
        ticks[i].stops = rows[i].name == 'f';
        loop_set_timer(loop, &ticks[i].timer, now + rows[i].in_ms);
    }
    assert_int_equal(loop_run(loop), 0);
    assert_string_equal(trace, "abcdef");
    assert_uint_in_range(loop_now_ms() - now, 40, 2000);
}

/* So many that an order kept by walking a list would take minutes: the first ones are due
 * before all that were set, as a new request's is. */
static void test_many_timers(void **state)
{
    enum { MANY = 100000 };
    struct tick *ticks = calloc(MANY, sizeof *ticks);
    struct tick end = tick('.');
    uint64_t start = loop_now_ms();
    (void)state;
    assert_non_null(ticks);
    end.stops = true;
    for (size_t i = 0; i < MANY; i++)
        loop_set_timer(loop, &ticks[i].timer, start + 3600000 + i);
    loop_set_timer(loop, &end.timer, 0);
    for (size_t i = 0; i < MANY; i++)
        loop_set_timer(loop, &ticks[i].timer, start + 3600000 + i * 7919 % MANY);
    assert_int_equal(loop_run(loop), 0);
    assert_string_equal(trace, ".");
    for (size_t i = 0; i < MANY; i++)
        loop_clear_timer(loop, &ticks[i].timer);
    assert_uint_in_range(loop_now_ms() - start, 0, 10000);
    free(ticks);
}

/* Against the plain way, with timers for the same time, cleared ones and ones that move. */
static void test_timers_against_a_list(void **state)
{
    enum { COUNT = 300, ROUNDS = 5000 };
    struct timers timers = {0};
    struct timer_node nodes[COUNT];
    bool set[COUNT] = {false};
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned i = arc4random_uniform(COUNT);
        if (set[i])
            timers_remove(&timers, &nodes[i]);
        set[i] = arc4random_uniform(3) > 0;
        if (set[i])
            timers_add(&timers, &nodes[i], arc4random_uniform(50));
        const struct timer_node *first = NULL;
        for (i = 0; i < COUNT; i++)
            if (set[i] &&
                (!first || nodes[i].at_ms < first->at_ms ||
                    (nodes[i].at_ms == first->at_ms && nodes[i].order < first->order)))
                first = &nodes[i];
        assert_ptr_equal(timers.first, first);
    }
}

static void test_set_again_moves(void **state)
{
    struct tick a = tick('a'), b = tick('b'), end = tick('.');
    uint64_t now = loop_now_ms();
    (void)state;
    end.stops = true;
    loop_set_timer(loop, &a.timer, now);
    loop_set_timer(loop, &b.timer, now + 10);
    loop_set_timer(loop, &a.timer, now + 20);
    loop_set_timer(loop, &end.timer, now + 3600000);
    loop_set_timer(loop, &end.timer, now + 30);
    assert_int_equal(loop_run(loop), 0);
    assert_string_equal(trace, "ba.");
}

static void test_clear(void **state)
{
    struct tick a = tick('a'), b = tick('b'), end = tick('.');
    (void)state;
    loop_set_timer(loop, &a.timer, 0);
    loop_set_timer(loop, &b.timer, 0);
    loop_clear_timer(loop, &a.timer);
    loop_clear_timer(loop, &a.timer);
    assert_false(a.timer.set);
    assert_true(b.timer.set);
    end.stops = true;
    loop_set_timer(loop, &end.timer, loop_now_ms());
    assert_int_equal(loop_run(loop), 0);
    assert_string_equal(trace, "b.");
}

static void test_clear_in_callback(void **state)
{
    struct tick a = tick('a'), b = tick('b'), end = tick('.');
    (void)state;
    a.clears = &b.timer;
    end.stops = true;
    loop_set_timer(loop, &a.timer, 0);
    loop_set_timer(loop, &b.timer, 0);
    loop_set_timer(loop, &end.timer, loop_now_ms());
    assert_int_equal(loop_run(loop), 0);
    assert_string_equal(trace, "a.");
}

static void test_set_in_callback(void **state)
{
    struct tick a = tick('a'), end = tick('.');
    (void)state;
    a.sets = &a.timer;
    end.stops = true;
    loop_set_timer(loop, &a.timer, 0);
    loop_set_timer(loop, &end.timer, loop_now_ms() + 20);
    assert_int_equal(loop_run(loop), 0);
    assert_string_equal(trace, "aa.");
}

static void test_stop_leaves_timers(void **state)
{
    struct tick a = tick('a'), b = tick('b');
    (void)state;
    a.stops = b.stops = true;
    loop_set_timer(loop, &a.timer, 0);
    loop_set_timer(loop, &b.timer, 0);
    assert_int_equal(loop_run(loop), 0);
    assert_string_equal(trace, "a");
    assert_int_equal(loop_run(loop), 0);
    assert_string_equal(trace, "ab");
}

struct pipe_watch {
    struct loop_watch watch;
    int write_fd;
    char name;
    struct loop_watch *unwatches;
    bool drains, stops;
    uint32_t events;
};

static void pipe_ready(struct loop_watch *watch, uint32_t events)
{
    struct pipe_watch *p = CONTAINER_OF(watch, struct pipe_watch, watch);
    char byte;
    note(p->name);
    p->events |= events;
    if (p->drains)
        assert_int_equal(read(watch->fd, &byte, 1), 1);
    if (p->unwatches)
        loop_unwatch(loop, p->unwatches);
    if (p->stops)
        loop_stop(loop);
}

static void pipe_open(struct pipe_watch *p, char name)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    *p = (struct pipe_watch){
        .watch = {.ready = pipe_ready, .fd = fds[0]}, .write_fd = fds[1], .name = name};
    assert_int_equal(loop_watch(loop, &p->watch, EPOLLIN), 0);
}

static void pipe_close(struct pipe_watch *p)
{
    loop_unwatch(loop, &p->watch);
    loop_unwatch(loop, &p->watch);
    close(p->watch.fd);
    if (p->write_fd >= 0)
        close(p->write_fd);
}

static void test_watch(void **state)
{
    struct pipe_watch p;
    struct tick end = tick('.');
    (void)state;
    pipe_open(&p, 'p');
    p.drains = true;
    end.stops = true;
    assert_int_equal(write(p.write_fd, "xyz", 3), 3);
    loop_set_timer(loop, &end.timer, loop_now_ms() + 20);
    assert_int_equal(loop_run(loop), 0);
    assert_string_equal(trace, "ppp.");
    assert_int_equal(p.events, EPOLLIN);

    p.drains = false;
    p.stops = true;
    close(p.write_fd);
    p.write_fd = -1;
    assert_int_equal(loop_run(loop), 0);
    assert_true(p.events & EPOLLHUP);
    pipe_close(&p);
}

static void test_watch_for_something_else(void **state)
{
    struct pipe_watch p;
    struct tick end = tick('.');
    (void)state;
    pipe_open(&p, 'p');
    assert_int_equal(write(p.write_fd, "x", 1), 1);
    assert_int_equal(loop_watch(loop, &p.watch, 0), 0);
    end.stops = true;
    loop_set_timer(loop, &end.timer, loop_now_ms() + 20);
    assert_int_equal(loop_run(loop), 0);
    assert_string_equal(trace, ".");
    p.stops = true;
    assert_int_equal(loop_watch(loop, &p.watch, EPOLLIN), 0);
    assert_int_equal(loop_run(loop), 0);
    assert_string_equal(trace, ".p");
    pipe_close(&p);
}

static void test_watch_of_nothing(void **state)
{
    struct loop_watch watch = {.ready = pipe_ready, .fd = -1};
    (void)state;
    assert_int_equal(loop_watch(loop, &watch, EPOLLIN), -EBADF);
    assert_false(watch.watched);
    loop_unwatch(loop, &watch);
}

/* Both are ready in one turn; whichever comes first takes the other away. */
static void test_unwatch_what_is_pending(void **state)
{
    struct pipe_watch p, q;
    struct tick end = tick('.');
    (void)state;
    pipe_open(&p, 'p');
    pipe_open(&q, 'q');
    p.unwatches = &q.watch;
    q.unwatches = &p.watch;
    p.drains = q.drains = true;
    assert_int_equal(write(p.write_fd, "x", 1), 1);
    assert_int_equal(write(q.write_fd, "x", 1), 1);
    end.stops = true;
    loop_set_timer(loop, &end.timer, loop_now_ms() + 20);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(strlen(trace), 2);
    assert_true(p.watch.watched != q.watch.watched);
    pipe_close(&p);
    pipe_close(&q);
}

static void test_unwatch_itself(void **state)
{
    struct pipe_watch p;
    struct tick end = tick('.');
    (void)state;
    pipe_open(&p, 'p');
    p.unwatches = &p.watch;
    assert_int_equal(write(p.write_fd, "x", 1), 1);
    end.stops = true;
    loop_set_timer(loop, &end.timer, loop_now_ms() + 20);
    assert_int_equal(loop_run(loop), 0);
    assert_string_equal(trace, "p.");
    pipe_close(&p);
}

static void test_stop_leaves_watches(void **state)
{
    struct pipe_watch p, q;
    (void)state;
    pipe_open(&p, 'p');
    pipe_open(&q, 'q');
    p.stops = q.stops = true;
    assert_int_equal(write(p.write_fd, "x", 1), 1);
    assert_int_equal(write(q.write_fd, "x", 1), 1);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(strlen(trace), 1);
    pipe_close(&p);
    pipe_close(&q);
}

/* More than the loop takes from the kernel at once. */
static void test_many_watches(void **state)
{
    enum { MANY = 50 };
    struct pipe_watch p[MANY];
    struct tick end = tick('.');
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        pipe_open(&p[i], 'p');
        p[i].drains = true;
        assert_int_equal(write(p[i].write_fd, "x", 1), 1);
    }
    end.stops = true;
    loop_set_timer(loop, &end.timer, loop_now_ms() + 50);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(strlen(trace), MANY + 1);
    for (size_t i = 0; i < MANY; i++)
        pipe_close(&p[i]);
}

static int set_up(void **state)
{
    (void)state;
    memset(trace, 0, sizeof trace);
    return loop_new(&loop);
}

static int tear_down(void **state)
{
    (void)state;
    loop_free(loop);
    return 0;
}

#define LOOP_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(test_timers_in_order),
        LOOP_TEST(test_many_timers),
        LOOP_TEST(test_timers_against_a_list),
        LOOP_TEST(test_set_again_moves),
        LOOP_TEST(test_clear),
        LOOP_TEST(test_clear_in_callback),
        LOOP_TEST(test_set_in_callback),
        LOOP_TEST(test_stop_leaves_timers),
        LOOP_TEST(test_watch),
        LOOP_TEST(test_watch_for_something_else),
        LOOP_TEST(test_watch_of_nothing),
        LOOP_TEST(test_unwatch_what_is_pending),
        LOOP_TEST(test_unwatch_itself),
        LOOP_TEST(test_stop_leaves_watches),
        LOOP_TEST(test_many_watches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
