/*
 * pace.h: what may be sent when, so that no minute sees more than GitHub's 900 points.
 */
#include "github/pace.h"

#include "cmocka_all.h"

#define PUBLISHED 900
#define MINUTE_MS 60000

static struct pace full(void)
{
    struct pace pace;
    pace_init(&pace, 1000);
    return pace;
}

static void test_a_burst_is_free(void **state)
{
    struct pace pace = full();
    (void)state;
    assert_int_equal(pace_left(&pace, 1000), PACE_BURST);
    for (unsigned i = 0; i < PACE_BURST / 5; i++)
        assert_int_equal(pace_reserve(&pace, "PUT", 1000), 0);
    assert_int_equal(pace_left(&pace, 1000), 0);
}

static void test_then_a_write_a_second(void **state)
{
    struct pace pace = full();
    (void)state;
    for (unsigned i = 0; i < PACE_BURST / 5; i++)
        (void)pace_reserve(&pace, "DELETE", 1000);
    for (unsigned i = 1; i <= 10; i++)
        assert_int_equal(pace_reserve(&pace, "PUT", 1000), i * 1000);
    /* Half of them have gone when the next one comes. */
    for (unsigned i = 0; i < 5; i++)
        pace_spend(&pace, "PUT");
    assert_int_equal(pace_reserve(&pace, "PUT", 6000), 6000);
}

static void test_a_read_goes_before_writes_that_wait(void **state)
{
    struct pace pace = full();
    (void)state;
    for (unsigned i = 0; i < PACE_BURST / 5 + 20; i++)
        (void)pace_reserve(&pace, "PUT", 1000);
    /* A point comes back in 200 ms; it is there, though writes have reserved more. */
    assert_int_equal(pace_reserve(&pace, "GET", 1000), 200);
    assert_int_equal(pace_reserve(&pace, "GET", 2000), 0);
}

static void test_what_is_given_back_can_be_spent(void **state)
{
    struct pace pace = full();
    (void)state;
    for (unsigned i = 0; i < PACE_BURST / 5; i++)
        (void)pace_reserve(&pace, "PUT", 1000);
    assert_int_equal(pace_reserve(&pace, "PUT", 1000), 1000);
    pace_give_back(&pace, "PUT");
    assert_int_equal(pace_reserve(&pace, "PUT", 1000), 1000);
}

static void test_it_fills_up_and_no_further(void **state)
{
    struct pace pace = full();
    (void)state;
    (void)pace_reserve(&pace, "PUT", 1000);
    assert_int_equal(pace_left(&pace, 1000), PACE_BURST - 5);
    assert_int_equal(pace_left(&pace, 1600), PACE_BURST - 2);
    assert_int_equal(pace_left(&pace, 1000000), PACE_BURST);
}

/* A bulk run as fast as it may be: what any minute of it spends. */
static void test_no_minute_has_more_than_is_published(void **state)
{
    enum { WRITES = 400 };
    static uint64_t sent_ms[WRITES];
    struct pace pace = full();
    uint64_t now = 1000;
    (void)state;
    for (unsigned i = 0; i < WRITES; i++) {
        uint64_t wait = pace_reserve(&pace, "PUT", now);
        now += wait;
        if (wait)
            pace_spend(&pace, "PUT");
        sent_ms[i] = now;
    }
    for (unsigned first = 0; first < WRITES; first++) {
        unsigned points = 0;
        for (unsigned i = first; i < WRITES && sent_ms[i] < sent_ms[first] + MINUTE_MS; i++)
            points += 5;
        assert_true(points <= PUBLISHED);
    }
    assert_true(sent_ms[WRITES - 1] - 1000 <= (WRITES - PACE_BURST / 5) * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_burst_is_free),
        cmocka_unit_test(test_then_a_write_a_second),
        cmocka_unit_test(test_a_read_goes_before_writes_that_wait),
        cmocka_unit_test(test_what_is_given_back_can_be_spent),
        cmocka_unit_test(test_it_fills_up_and_no_further),
        cmocka_unit_test(test_no_minute_has_more_than_is_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
