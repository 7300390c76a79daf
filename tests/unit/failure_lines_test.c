/*
 * failures.h: what `errors` lists, and how often the log hears of it.
 */
#include "nodes/failures.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cmocka_all.h"

static struct failures failures;
static bool no_memory;

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_realloc(void *p, size_t size)
{
    return no_memory ? NULL : __real_realloc(p, size);
}

static void add(const char *path, int err, const char *message, const char *request_id)
{
    struct failure why;
    failure_set(&why, err, "%s", message);
    snprintf(why.request_id, sizeof why.request_id, "%s", request_id);
    failures_add(&failures, "store", path, &why);
}

/* The lines without their times, which are as of now, and how many there are. */
static unsigned lines(char *out, size_t size)
{
    unsigned count = 0;
    struct buffer text;
    buffer_init(&text, 1 << 20);
    assert_int_equal(failures_read(&failures, &text), 0);
    out[0] = '\0';
    for (char *line = text.data, *end; line && *line; line = end + 1, count++) {
        size_t len = strlen(out);
        end = strchr(line, '\n');
        assert_non_null(end);
        snprintf(out + len, size - len, "%.*s\n", (int)(end - line - 21), line + 21);
    }
    buffer_release(&text);
    return count;
}

static void test_repeats_are_counted(void **state)
{
    char text[2000];
    (void)state;
    add("A", -EBUSY, "no", "1");
    add("B", -EBUSY, "no", "2");
    for (unsigned i = 0; i < 16000; i++)
        add("A", -EBUSY, "no", "3");
    assert_int_equal(lines(text, sizeof text), 2);
    assert_memory_equal(text, "store B: EBUSY: no [request 2]\n", 31);
    assert_non_null(strstr(text, "store A: EBUSY: no [request 3] (16001 times since 2"));
    assert_int_equal(failures.count, 16002);
}

static void test_other_failures_are_others(void **state)
{
    char text[2000];
    (void)state;
    add("A", -EBUSY, "no", "");
    add("A", -EBUSY, "not now", "");
    add("A", -EACCES, "no", "");
    assert_int_equal(lines(text, sizeof text), 3);
    assert_string_equal(
        text, "store A: EBUSY: no\nstore A: EBUSY: not now\nstore A: EACCES: no\n");
}

static void test_oldest_go(void **state)
{
    char *text = malloc(1 << 20), path[20];
    (void)state;
    assert_non_null(text);
    for (unsigned i = 0; i < FAILURES_KEPT + 10; i++) {
        snprintf(path, sizeof path, "N%u", i);
        add(path, -EBUSY, "no", "");
        add("N5", -EBUSY, "no", ""); /* stays, since it happens again and again */
    }
    assert_int_equal(lines(text, 1 << 20), FAILURES_KEPT);
    assert_null(strstr(text, "store N0:"));
    assert_null(strstr(text, "store N10:"));
    assert_non_null(strstr(text, "store N5:"));
    assert_non_null(strstr(text, "store N265:"));
    free(text);
}

static int set_up(void **state)
{
    (void)state;
    log_to_syslog("/no/such/log"); /* counted there as dropped */
    return 0;
}

/* One message for the first, and none for the next 16,000 of the same second. */
static void test_log_hears_of_it_once(void **state)
{
    uint64_t before = log_dropped();
    (void)state;
    for (unsigned i = 0; i < 16000; i++)
        add("A", -EBUSY, "no", "1");
    assert_int_equal(log_dropped() - before, 1);
    add("B", -EBUSY, "no", "1");
    assert_int_equal(log_dropped() - before, 2);
}

/* A failure whose line takes more memory than there is. */
static void test_what_has_no_line_is_counted(void **state)
{
    char text[2000];
    uint64_t before = log_dropped();
    (void)state;
    add("A", -EBUSY, "no", "");
    no_memory = true;
    add("B", -EBUSY, "no", "");
    add("B", -EBUSY, "no", "");
    no_memory = false;
    assert_int_equal(lines(text, sizeof text), 2);
    assert_string_equal(text, "store A: EBUSY: no\n"
                              "errors .ghsecretfs/errors: ENOMEM: no memory for 2 more\n");
    assert_int_equal(failures.count, 3);
    assert_int_equal(log_dropped() - before, 3);
}

static int tear_down(void **state)
{
    (void)state;
    failures_release(&failures);
    return 0;
}

#define FAILURES_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAILURES_TEST(test_repeats_are_counted),
        FAILURES_TEST(test_other_failures_are_others),
        FAILURES_TEST(test_oldest_go),
        FAILURES_TEST(test_log_hears_of_it_once),
        FAILURES_TEST(test_what_has_no_line_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
