/*
 * rows.h: what the API lists, and answers that are nearly that.
 */
#include "github/rows.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cmocka_all.h"

static void test_secrets(void **state)
{
    static const char text[] =
        "{\"total_count\":300,\"secrets\":["
        "{\"name\":\"A\",\"created_at\":\"2026-01-02T03:04:05Z\","
        "\"updated_at\":\"2026-01-02T05:04:06.789+02:00\",\"visibility\":\"all\"},"
        "{\"name\":\"B\"}]}";
    struct rows rows;
    (void)state;
    assert_int_equal(rows_parse_list(text, strlen(text), ROW_SECRET, 100, &rows), 0);
    assert_int_equal(rows.total, 300);
    assert_int_equal(rows.count, 2);
    assert_string_equal(rows.row[0].name, "A");
    assert_int_equal(rows.row[0].created_at, 1767323045);
    assert_int_equal(rows.row[0].updated_at, 1767323046);
    assert_int_equal(rows.row[0].id, -1);
    assert_false(rows.row[0].is_organization);
    assert_string_equal(rows.row[1].name, "B");
    assert_int_equal(rows.row[1].created_at, -1);
    assert_int_equal(rows.row[1].updated_at, -1);
    rows_release(&rows);
    assert_int_equal(rows.count, 0);
}

static void test_kinds(void **state)
{
    static const struct {
        const char *text;
        enum row_kind kind;
        const char *name;
        int64_t id, total;
        bool is_organization;
    } rows[] = {
        {"[{\"name\":\"web\",\"full_name\":\"acme/web\",\"id\":7}]", ROW_REPOSITORY, "web", 7,
            -1, false},
        {"[{\"name\":\"web\",\"full_name\":\"acme/web\",\"id\":7}]", ROW_FULL_NAME, "acme/web",
            7, -1, false},
        {"{\"total_count\":1,\"repositories\":[{\"full_name\":\"acme/web\",\"id\":7}]}",
            ROW_SELECTED, "acme/web", 7, 1, false},
        {" { \"x\" : [ { \"environments\" : 1 } , \"]}\\\"\" ] , \"environments\" : [ { "
         "\"name\" : "
         "\"a,b]\" } ] , \"total_count\" : 1 } ",
            ROW_ENVIRONMENT, "a,b]", -1, 1, false},
        {"[{\"login\":\"acme\",\"id\":8}]", ROW_ORGANIZATION, "acme", 8, -1, true},
        {"[{\"login\":\"acme\",\"id\":8,\"type\":\"Organization\"}]", ROW_ACCOUNT, "acme", 8,
            -1, true},
        {"[{\"login\":\"octavia\",\"id\":9,\"type\":\"User\"}]", ROW_ACCOUNT, "octavia", 9, -1,
            false},
        {"[{\"login\":\"octavia\",\"id\":9,\"type\":7}]", ROW_ACCOUNT, "octavia", 9, -1, false},
        {"[{\"login\":\"x\"}]", ROW_ACCOUNT, "x", -1, -1, false},
        {"[{\"login\":\"x\",\"id\":9223372036854775806}]", ROW_ACCOUNT, "x", INT64_MAX - 1, -1,
            false},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct rows read;
        assert_int_equal(
            rows_parse_list(rows[i].text, strlen(rows[i].text), rows[i].kind, 100, &read), 0);
        assert_int_equal(read.count, 1);
        assert_int_equal(read.total, rows[i].total);
        assert_string_equal(read.row[0].name, rows[i].name);
        assert_int_equal(read.row[0].id, rows[i].id);
        assert_int_equal(read.row[0].is_organization, rows[i].is_organization);
        rows_release(&read);
    }
}

static void test_empty(void **state)
{
    static const struct {
        const char *text;
        enum row_kind kind;
        int64_t total;
    } rows[] = {
        {"[]", ROW_ORGANIZATION, -1}, {"{\"total_count\":0,\"secrets\":[]}", ROW_SECRET, 0}};
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct rows read;
        assert_int_equal(
            rows_parse_list(rows[i].text, strlen(rows[i].text), rows[i].kind, 100, &read), 0);
        assert_int_equal(read.count, 0);
        assert_int_equal(read.total, rows[i].total);
        rows_release(&read);
    }
}

static void assert_no_list(const char *text, enum row_kind kind)
{
    struct rows read = {.total = 4711};
    if (rows_parse_list(text, strlen(text), kind, 100, &read) != -EPROTO)
        fail_msg("'%s' was taken", text);
    assert_int_equal(read.total, 4711);
    assert_null(read.row);
}

static void test_no_list(void **state)
{
    static const char *const rows[] = {
        "",
        "<html>",
        "\xef\xbb\xbf[]",
        "7",
        "\"secrets\"",
        "{}",
        "[]",
        "[{\"name\":\"A\"}]",
        "{\"secrets\":[]}",
        "{\"total_count\":1}",
        "{\"total_count\":\"1\",\"secrets\":[]}",
        "{\"total_count\":-1,\"secrets\":[]}",
        "{\"total_count\":1.5,\"secrets\":[]}",
        "{\"total_count\":99999999999999999999,\"secrets\":[]}",
        "{\"total_count\":1,\"secrets\":{}}",
        "{\"total_count\":1,\"secrets\":null}",
        "{\"total_count\":1,\"repositories\":[]}",
    };
    static const char *const elements[] = {
        "7",
        "null",
        "[]",
        "{}",
        "{\"name\":7}",
        "{\"name\":null}",
        "{\"name\":\"A\"},{\"name\":\"B\"},{}",
        "{\"login\":\"A\"}",
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++)
        assert_no_list(rows[i], ROW_SECRET);
    for (size_t i = 0; i < LENGTH(elements); i++) {
        char text[200];
        snprintf(text, sizeof text, "{\"total_count\":1,\"secrets\":[%s]}", elements[i]);
        assert_no_list(text, ROW_SECRET);
        snprintf(text, sizeof text, "[%s]", elements[i]);
        assert_no_list(text, ROW_ENVIRONMENT);
        if (!strstr(text, "login"))
            assert_no_list(text, ROW_ORGANIZATION);
    }
    assert_no_list("{\"total_count\":0,\"organizations\":[]}", ROW_ORGANIZATION);
    assert_no_list("{\"total_count\":0,\"repositories\":[]}", ROW_REPOSITORY);
}

/* Each row of the table is a list of two pages. */
static void test_once(void **state)
{
    static const struct {
        const char *first, *second;
        int err;
    } rows[] = {
        {"{\"name\":\"A\"}", "{\"name\":\"B\"}", 0},
        {"{\"name\":\"A\"},{\"name\":\"B\"}", "{\"name\":\"C\"},{\"name\":\"A\"}", -EEXIST},
        {"{\"name\":\"A\"},{\"name\":\"B\"},{\"name\":\"A\"}", "", -EEXIST},
        {"{\"name\":\"A\"}", "{\"name\":\"a\"}", 0},
        {"{\"name\":\"A\",\"id\":1}", "{\"name\":\"A\",\"id\":2}", 0},
        {"{\"name\":\"A\",\"id\":1}", "{\"name\":\"B\",\"id\":1}", -EEXIST},
        {"{\"name\":\"A\",\"id\":1}", "{\"name\":\"A\"}", 0},
        {"{\"name\":\"a\\u0000b\"}", "{\"name\":\"a\\u0001b\"},{\"name\":\"a\\u0000b\"}", 0},
        {"", "", 0},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct rows pages[2];
        const struct rows *const parts[] = {&pages[0], &pages[1]};
        const char *const texts[] = {rows[i].first, rows[i].second};
        for (size_t k = 0; k < 2; k++) {
            char text[200];
            snprintf(text, sizeof text, "[%s]", texts[k]);
            assert_int_equal(
                rows_parse_list(text, strlen(text), ROW_REPOSITORY, 100, &pages[k]), 0);
        }
        int err = rows_check_once(parts, 2);
        if (err != rows[i].err)
            fail_msg("row %zu: %d", i, err);
        rows_release(&pages[0]);
        rows_release(&pages[1]);
    }
}

/* No row of the list is taken, whatever is asked for: numbers go back to the server. */
static void test_numbers_that_are_none(void **state)
{
    static const char *const numbers[] = {"\"9\"", "null", "true", "1.5", "9.0", "9e3", "0",
        "-9", "[9]", "9223372036854775807", "9223372036854775808", "18446744073709551623",
        "-9223372036854775809", "99999999999999999999"};
    (void)state;
    for (size_t i = 0; i < LENGTH(numbers); i++) {
        char text[300];
        struct rows read;
        for (enum row_kind kind = ROW_SECRET; kind <= ROW_FULL_NAME; kind++) {
            snprintf(text, sizeof text,
                "{\"name\":\"A\",\"login\":\"A\",\"full_name\":\"o/A\",\"id\":%s}", numbers[i]);
            assert_int_equal(rows_parse_one(text, strlen(text), kind, &read), -EPROTO);
        }
        snprintf(text, sizeof text,
            "{\"total_count\":2,\"repositories\":"
            "[{\"full_name\":\"o/a\",\"id\":7},{\"full_name\":\"o/b\",\"id\":%s}]}",
            numbers[i]);
        assert_no_list(text, ROW_SELECTED);
    }
    assert_no_list(
        "{\"total_count\":1,\"repositories\":[{\"full_name\":\"o/a\"}]}", ROW_SELECTED);
    assert_no_list("[{\"full_name\":\"o/a\"}]", ROW_FULL_NAME);
}

/* The row stays, since the rows are counted, and its number may be needed. */
static void test_name_with_nul(void **state)
{
    static const char list[] = "[{\"name\":\"a\\u0000b\",\"id\":5},{\"name\":\"c\"}]";
    static const char one[] = "{\"name\":\"a\\u0000b\"}";
    struct rows read;
    (void)state;
    assert_int_equal(rows_parse_list(list, strlen(list), ROW_REPOSITORY, 100, &read), 0);
    assert_int_equal(read.count, 2);
    assert_true(read.row[0].has_nul);
    assert_int_equal(read.row[0].id, 5);
    assert_string_equal(read.row[0].name, "a?b");
    assert_false(read.row[1].has_nul);
    assert_string_equal(read.row[1].name, "c");
    rows_release(&read);
    assert_int_equal(rows_parse_one(one, strlen(one), ROW_REPOSITORY, &read), -EPROTO);
}

static void test_more_rows_than_asked_for(void **state)
{
    static const char text[] = "[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"}]";
    struct rows read = {0};
    (void)state;
    assert_int_equal(rows_parse_list(text, strlen(text), ROW_REPOSITORY, 2, &read), -EPROTO);
    assert_null(read.row);
    assert_int_equal(rows_parse_list(text, strlen(text), ROW_REPOSITORY, 3, &read), 0);
    rows_release(&read);
}

/* No name that can be shown is cut, and no list keeps what nobody can use. */
static void test_long_names(void **state)
{
    char *text = malloc(3000000);
    struct rows read;
    (void)state;
    assert_non_null(text);
    int len =
        snprintf(text, 3000000, "[{\"name\":\"%0255d\"},{\"name\":\"%02000000d\"}]", 1, 2);
    assert_int_equal(rows_parse_list(text, (size_t)len, ROW_REPOSITORY, 100, &read), 0);
    assert_int_equal(read.count, 2);
    assert_int_equal(strlen(read.row[0].name), 255);
    assert_uint_in_range(strlen(read.row[1].name), 256, 2000);
    rows_release(&read);
    free(text);
}

static void add(char *text, size_t *len, const char *piece)
{
    size_t more = strlen(piece);
    memcpy(text + *len, piece, more);
    *len += more;
}

/* What costs json-c 700 bytes for each two: refused before any is built. */
static void test_hostile_structure(void **state)
{
    static const struct {
        const char *head, *piece, *tail;
    } rows[] = {
        {"[", "{},", "{}]"},
        {"[{\"name\":\"a\",\"x\":[", "{},", "{}]}]"},
        {"[{\"name\":\"a\",\"x\":[", "[],", "[]]}]"},
        {"[{\"name\":\"a\"", ",\"x\":1", "}]"},
        {"{\"x\":[", "{},", "{}]}"},
    };
    enum { PIECES = 500000 };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct timespec start, end;
        struct rows read;
        char *text = malloc(200 + PIECES * strlen(rows[i].piece));
        assert_non_null(text);
        size_t len = 0;
        add(text, &len, rows[i].head);
        for (size_t k = 0; k < PIECES; k++)
            add(text, &len, rows[i].piece);
        add(text, &len, rows[i].tail);
        size_t before = mallinfo2().uordblks;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
        assert_int_equal(rows_parse_list(text, len, ROW_REPOSITORY, 100, &read), -EPROTO);
        assert_int_equal(rows_parse_one(text, len, ROW_REPOSITORY, &read), -EPROTO);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
        assert_uint_in_range(end.tv_sec - start.tv_sec, 0, 2);
        assert_true(mallinfo2().uordblks <= before + 100000);
        free(text);
    }
}

static void test_dates(void **state)
{
    static const struct {
        const char *date;
        int64_t seconds;
    } rows[] = {
        {"\"2026-01-02T03:04:05Z\"", 1767323045},
        {"\"\"", -1},
        {"\"yesterday\"", -1},
        {"\"2026-13-01T00:00:00Z\"", -1},
        {"\"1960-01-01T00:00:00Z\"", -1},
        {"1767323045", -1},
        {"null", -1},
        {"\"2026-01-02T03:04:05Z\\u0000\"", -1},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char text[200];
        struct rows read;
        snprintf(text, sizeof text, "{\"name\":\"A\",\"created_at\":%s,\"updated_at\":%s}",
            rows[i].date, rows[i].date);
        assert_int_equal(rows_parse_one(text, strlen(text), ROW_SECRET, &read), 0);
        assert_int_equal(read.row[0].created_at, rows[i].seconds);
        assert_int_equal(read.row[0].updated_at, rows[i].seconds);
        rows_release(&read);
    }
}

static void test_one(void **state)
{
    static const struct {
        const char *text;
        enum row_kind kind;
        int err;
    } rows[] = {
        {"{\"name\":\"A\"}", ROW_SECRET, 0},
        {"{\"login\":\"acme\",\"type\":\"Organization\"}", ROW_ACCOUNT, 0},
        {"{\"login\":\"acme\"}", ROW_SECRET, -EPROTO},
        {"[{\"name\":\"A\"}]", ROW_SECRET, -EPROTO},
        {"{}", ROW_SECRET, -EPROTO},
        {"{\"name\":[]}", ROW_SECRET, -EPROTO},
        {"7", ROW_SECRET, -EPROTO},
        {"", ROW_SECRET, -EPROTO},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct rows read = {0};
        assert_int_equal(
            rows_parse_one(rows[i].text, strlen(rows[i].text), rows[i].kind, &read),
            rows[i].err);
        assert_int_equal(read.count, rows[i].err ? 0 : 1);
        rows_release(&read);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_no_list),
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_numbers_that_are_none),
        cmocka_unit_test(test_name_with_nul),
        cmocka_unit_test(test_more_rows_than_asked_for),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_hostile_structure),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
