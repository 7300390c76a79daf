/*
 * wait.h: who is told, in which order, and what they may do meanwhile.
 */
#include "base/wait.h"

#include <errno.h>
#include <string.h>

#include "base/container.h"
#include "cmocka_all.h"

struct caller {
    struct wait wait;
    char name;
    struct waiters *joins; /* when told, or NULL */
    struct wait *leaves;   /* whom it takes away when told, or NULL */
};

static struct waiters waiters;
static char trace[32];

static void told(struct wait *wait)
{
    struct caller *caller = CONTAINER_OF(wait, struct caller, wait);
    trace[strlen(trace)] = caller->name;
    assert_null(wait->in);
    if (caller->leaves)
        wait_leave(caller->leaves);
    if (caller->joins)
        wait_join(caller->joins, wait);
}

static struct caller caller(char name)
{
    return (struct caller){.wait = {.done = told}, .name = name};
}

static void test_in_order(void **state)
{
    struct caller a = caller('a'), b = caller('b'), c = caller('c');
    struct failure why;
    (void)state;
    failure_set(&why, -EIO, "no %s", "luck");
    wait_join(&waiters, &a.wait);
    wait_join(&waiters, &b.wait);
    wait_join(&waiters, &c.wait);
    waiters_finish(&waiters, &why);
    assert_string_equal(trace, "abc");
    assert_int_equal(b.wait.failure.err, -EIO);
    assert_string_equal(b.wait.failure.message, "no luck");
    waiters_finish(&waiters, &why);
    assert_string_equal(trace, "abc");
}

static void test_success_clears_the_failure(void **state)
{
    struct caller a = caller('a');
    (void)state;
    a.wait.failure.err = -EIO;
    wait_join(&waiters, &a.wait);
    waiters_finish(&waiters, NULL);
    assert_int_equal(a.wait.failure.err, 0);
}

static void test_leave(void **state)
{
    struct caller a = caller('a'), b = caller('b');
    (void)state;
    wait_leave(&a.wait);
    wait_join(&waiters, &a.wait);
    wait_join(&waiters, &b.wait);
    wait_leave(&a.wait);
    wait_leave(&a.wait);
    waiters_finish(&waiters, NULL);
    assert_string_equal(trace, "b");
}

static void test_join_again_while_told(void **state)
{
    struct caller a = caller('a'), b = caller('b');
    (void)state;
    a.joins = &waiters;
    wait_join(&waiters, &a.wait);
    wait_join(&waiters, &b.wait);
    waiters_finish(&waiters, NULL);
    assert_string_equal(trace, "ab");
    a.joins = NULL;
    waiters_finish(&waiters, NULL);
    assert_string_equal(trace, "aba");
}

static void test_take_another_away_while_told(void **state)
{
    struct caller a = caller('a'), b = caller('b'), c = caller('c');
    (void)state;
    a.leaves = &b.wait;
    wait_join(&waiters, &a.wait);
    wait_join(&waiters, &b.wait);
    wait_join(&waiters, &c.wait);
    waiters_finish(&waiters, NULL);
    assert_string_equal(trace, "ac");
    assert_null(b.wait.in);
}

static void test_fail_at_once(void **state)
{
    struct caller a = caller('a');
    struct failure why;
    (void)state;
    failure_set(&why, -EACCES, "two\nlines \x1b[31m");
    assert_int_equal(wait_fail(&a.wait, &why), -EACCES);
    assert_int_equal(a.wait.failure.err, -EACCES);
    assert_string_equal(a.wait.failure.message, "two lines ?[31m");
    assert_string_equal(trace, "");
}

static int set_up(void **state)
{
    (void)state;
    waiters.head = NULL;
    memset(trace, 0, sizeof trace);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_in_order, set_up),
        cmocka_unit_test_setup(test_success_clears_the_failure, set_up),
        cmocka_unit_test_setup(test_leave, set_up),
        cmocka_unit_test_setup(test_join_again_while_told, set_up),
        cmocka_unit_test_setup(test_take_another_away_while_told, set_up),
        cmocka_unit_test_setup(test_fail_at_once, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
