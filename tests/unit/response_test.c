/*
 * response.h: header lines as libcurl gives them, good and bad.
 */
#include "github/response.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmocka_all.h"

static struct http_response response;

static void take(const char *line)
{
    /* On the heap and without a NUL, as libcurl gives it. */
    size_t len = strlen(line);
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, line, len);
    response_header(&response, copy, len);
    free(copy);
}

static void test_nothing(void **state)
{
    (void)state;
    assert_string_equal(response.etag, "");
    assert_string_equal(response.location, "");
    assert_string_equal(response.request_id, "");
    assert_string_equal(response.wanted, "");
    assert_int_equal(response.date, -1);
    assert_int_equal(response.retry_after, -1);
    assert_int_equal(response.limit, -1);
    assert_int_equal(response.limit_remaining, -1);
    assert_int_equal(response.limit_reset, -1);
    assert_int_equal(response.last_page, 0);
    assert_int_equal(response.next_page, 0);
}

static void test_headers(void **state)
{
    (void)state;
    take("HTTP/1.1 200 OK\r\n");
    take("ETag: W/\"abc\"\r\n");
    take("lOCATION:https://api.github.com/x\r\n");
    take("X-GitHub-Request-ID: \t A1:B2 \r\n");
    take("x-accepted-github-permissions: secrets=write; metadata=read\r\n");
    take("DATE: Fri, 02 Jan 2026 03:04:05 GMT\r\n");
    take("Retry-After: 30\r\n");
    take("x-ratelimit-limit: 5000\r\n");
    take("x-ratelimit-remaining: 0\r\n");
    take("x-ratelimit-reset: 1767323045\r\n");
    take("\r\n");
    assert_string_equal(response.etag, "W/\"abc\"");
    assert_string_equal(response.location, "https://api.github.com/x");
    assert_string_equal(response.request_id, "A1:B2");
    assert_string_equal(response.wanted, "secrets=write; metadata=read");
    assert_int_equal(response.date, 1767323045);
    assert_int_equal(response.retry_after, 30);
    assert_int_equal(response.limit, 5000);
    assert_int_equal(response.limit_remaining, 0);
    assert_int_equal(response.limit_reset, 1767323045);
}

/* The lines of each row are all there is of an answer. */
static void test_what_is_an_answer(void **state)
{
    static const struct {
        const char *lines[4];
        bool is_complete, is_malformed;
    } rows[] = {
        {{"HTTP/1.1 201 Created\r\n", "\r\n"}, true, false},
        {{"HTTP/1.1 201 Created\n", "\n"}, true, false},
        {{"HTTP/1.1 201\r\n", "\r\n"}, true, false},
        {{"HTTP/1.0 204 No Content\r\n", "Date: x\r\n", "\r\n"}, true, false},
        {{"HTTP/2 204 \r\n", "date: x\r\n", "\r\n"}, true, false},
        {{"HTTP/2 204\r\n", "\r\n", "x-trailer: 1\r\n"}, true, false},
        {{"HTTP/1.1 100 Continue\r\n", "\r\n", "HTTP/1.1 204 X\r\n", "\r\n"}, true, false},
        {{NULL}, false, false},
        {{"HTTP/1.1 201 Created\r\n"}, false, false},
        {{"HTTP/1.1 204 No Content\r\n", "Date: Sat, 28 Nov 2026 09:00:00 GMT\r\n"}, false,
            false},
        {{"HTTP/1.1 100 Continue\r\n", "\r\n"}, false, false},
        {{"HTTP/1.1 100 Continue\r\n", "\r\n", "HTTP/1.1 204 X\r\n"}, false, false},
        {{"HTTP/1.1 201X\r\n", "\r\n"}, false, true},
        {{"HTTP/1.1 2010 X\r\n", "\r\n"}, false, true},
        {{"HTTP/1.1 20 X\r\n", "\r\n"}, false, true},
        {{"HTTP/1.1  201 X\r\n", "\r\n"}, false, true},
        {{"HTTP/1.1\t201 X\r\n", "\r\n"}, false, true},
        {{"HTTP/ 201 X\r\n", "\r\n"}, false, true},
        {{"HTTP/1. 201 X\r\n", "\r\n"}, false, true},
        {{"HTTP/1.1 -20 X\r\n", "\r\n"}, false, true},
        {{"HTTP/1.1 2O1 X\r\n", "\r\n"}, false, true},
        {{"HTTP/1.1 201 X\r\n", "Content-Length: 1\r\n", "content-length: 1\r\n", "\r\n"}, true,
            false},
        {{"HTTP/1.1 201 X\r\n", "Content-Length: 1\r\n", "Content-Length: 2\r\n", "\r\n"}, true,
            true},
        {{"HTTP/1.1 201 X\r\n", "Content-Length: 18446744073709551617\r\n", "\r\n"}, true,
            true},
        {{"HTTP/1.1 201 X\r\n", "Content-Length: -1\r\n", "\r\n"}, true, true},
        {{"HTTP/1.1 201 X\r\n", "Content-Length: \r\n", "\r\n"}, true, true},
        {{"HTTP/1.1 201 X\r\n", "Content-Length: 1x\r\n", "\r\n"}, true, true},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        response_release(&response);
        response_init(&response);
        for (size_t k = 0; k < LENGTH(rows[i].lines) && rows[i].lines[k]; k++)
            take(rows[i].lines[k]);
        if (response.is_complete != rows[i].is_complete ||
            response.is_malformed != rows[i].is_malformed)
            fail_msg("row %zu: %s", i, rows[i].lines[0]);
    }
}

static void test_status_line_begins_anew(void **state)
{
    (void)state;
    take("HTTP/1.1 100 Continue\r\n");
    take("ETag: \"old\"\r\n");
    take("Retry-After: 9\r\n");
    take("Link: <https://x/?page=2>; rel=\"next\"\r\n");
    response.repeated = true;
    assert_int_equal(buffer_add_string(&response.body, "body"), 0);
    take("HTTP/2 200\r\n");
    test_nothing(state);
    assert_true(response.repeated);
    assert_string_equal(response.body.data, "body");
    take("ETag: \"new\"\r\n");
    assert_string_equal(response.etag, "\"new\"");
}

static void test_links(void **state)
{
#define BASE "https://api.github.com/user/repos?"
    static const struct {
        const char *line;
        unsigned next, last;
    } rows[] = {
        {"Link: <" BASE "page=2>; rel=\"next\", <" BASE "page=5>; rel=\"last\"", 2, 5},
        {"link: <" BASE "page=5>; rel=\"last\", <" BASE "page=2>; rel=\"next\"", 2, 5},
        {"Link: <" BASE "per_page=100&page=3>; rel=\"next\"", 3, 0},
        {"Link: <" BASE "page=3&per_page=100>; rel=\"next\"", 3, 0},
        {"Link: <" BASE "per_page=100>; rel=\"next\"", 0, 0},
        {"Link: <" BASE "page=1>; rel=\"prev\", <" BASE "page=1>; rel=\"first\"", 0, 0},
        {"Link: <" BASE "page=1>; rel=\"prev\", <" BASE "page=3>; rel=\"next\", <" BASE
         "page=9>; rel=\"last\", <" BASE "page=1>; rel=\"first\"",
            3, 9},
        {"Link:<" BASE "page=2>;rel=\"next\",<" BASE "page=4>;rel=\"last\"", 2, 4},
        {"Link: <" BASE "after=xyz>; rel=\"next\"", 0, 0},
        {"Link: <" BASE "page=2; rel=\"next\"", 0, 0},
        {"Link: <>; rel=\"next\"", 0, 0},
        {"Link: garbage", 0, 0},
        {"Link:", 0, 0},
        {"Link: <" BASE "page=x>; rel=\"last\"", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        take("HTTP/1.1 200 OK\r\n");
        take(rows[i].line);
        if (response.next_page != rows[i].next || response.last_page != rows[i].last)
            fail_msg(
                "%s: next %u, last %u", rows[i].line, response.next_page, response.last_page);
    }
}

/* A number that does not fit must not turn into a small one. */
static void test_huge_page(void **state)
{
    (void)state;
    take("Link: <" BASE "page=4294967297>; rel=\"last\"");
    assert_int_not_equal(response.last_page, 1);
}

static void test_retry_after_date(void **state)
{
    (void)state;
    take("Retry-After: Fri, 02 Jan 2026 03:04:05 GMT\r\n");
    assert_int_equal(response.retry_after, -1);
    assert_int_equal(response.retry_at, 1767323045);
    take("Retry-After: 7\r\n");
    assert_int_equal(response.retry_after, 7);
    assert_int_equal(response.retry_at, -1);
}

static void test_single_sign_on(void **state)
{
    static const struct {
        const char *line, *url;
        unsigned hidden;
    } rows[] = {
        {"X-GitHub-SSO: required; url=https://x.test/sso?a=b", "https://x.test/sso?a=b", 0},
        {"X-GitHub-SSO: required; url=https://x.test/sso; z", "https://x.test/sso", 0},
        {"X-GitHub-SSO: required", "", 0},
        {"X-GitHub-SSO: partial-results; organizations=21955855,20582480", "", 2},
        {"X-GitHub-SSO: partial-results; organizations=7", "", 1},
        {"X-GitHub-SSO: partial-results", "", 1},
        {"X-GitHub-SSO: something-new; url=x; organizations=1,2", "", 0},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        take("HTTP/1.1 403 Forbidden");
        take(rows[i].line);
        assert_string_equal(response.sso_url, rows[i].url);
        assert_int_equal(response.sso_hidden, rows[i].hidden);
    }
}

static void test_bad_numbers(void **state)
{
    static const char *const values[] = {
        "", "soon", "-5", "5s", "1.5", "99999999999999999999", "Fri, 02 Jan 2026", "0x5"};
    (void)state;
    for (size_t i = 0; i < LENGTH(values); i++) {
        static const char *const names[] = {"Retry-After", "X-RateLimit-Limit",
            "X-RateLimit-Remaining", "X-RateLimit-Reset", "Date"};
        for (size_t k = 0; k < LENGTH(names); k++) {
            char line[100];
            snprintf(line, sizeof line, "%s: %s\r\n", names[k], values[i]);
            take(line);
        }
        test_nothing(state);
    }
}

static void test_control_characters(void **state)
{
    (void)state;
    take("ETag: \"a\rX-Evil: 1\"\r\n");
    take("Location: /x\ny\r\n");
    take("X-GitHub-Request-Id: a\x1b[31mb\r\n");
    assert_string_equal(response.etag, "");
    assert_string_equal(response.location, "");
    assert_string_equal(response.request_id, "a?[31mb");
    response_header(&response, "ETag: \"a\0b\"\r\n", 13);
    assert_null(strchr(response.etag, 'b'));
}

/* What goes back to the server is whole or absent; what a person reads may be cut. */
static void test_too_long(void **state)
{
    static const struct {
        const char *name;
        size_t len, kept;
    } rows[] = {
        {"ETag", sizeof response.etag - 1, sizeof response.etag - 1},
        {"ETag", sizeof response.etag, 0},
        {"Location", sizeof response.location - 1, sizeof response.location - 1},
        {"Location", sizeof response.location, 0},
        {"X-GitHub-Request-Id", 1000, sizeof response.request_id - 1},
        {"X-Accepted-GitHub-Permissions", 1000, sizeof response.wanted - 1},
        {"X-Accepted-GitHub-Permissions", 10000, 0},
        {"ETag", 100000, 0},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char *line;
        take("HTTP/1.1 200 OK\r\n");
        assert_true(asprintf(&line, "%s: %0*d\r\n", rows[i].name, (int)rows[i].len, 0) > 0);
        take(line);
        free(line);
        assert_int_equal(strlen(response.etag) + strlen(response.location) +
                             strlen(response.request_id) + strlen(response.wanted),
            rows[i].kept);
    }
}

static void test_no_header_lines(void **state)
{
    static const char *const lines[] = {"", "\r\n", "no colon", ":", ": x", "HTTP", "ETag",
        "ETag :\"x\"", " ETag: \"x\"", "XETag: \"x\"", "ETagX: \"x\""};
    (void)state;
    for (size_t i = 0; i < LENGTH(lines); i++)
        take(lines[i]);
    test_nothing(state);
}

static int set_up(void **state)
{
    (void)state;
    response_init(&response);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    response_release(&response);
    return 0;
}

#define RESPONSE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RESPONSE_TEST(test_nothing),
        RESPONSE_TEST(test_headers),
        RESPONSE_TEST(test_what_is_an_answer),
        RESPONSE_TEST(test_status_line_begins_anew),
        RESPONSE_TEST(test_links),
        RESPONSE_TEST(test_huge_page),
        RESPONSE_TEST(test_retry_after_date),
        RESPONSE_TEST(test_single_sign_on),
        RESPONSE_TEST(test_bad_numbers),
        RESPONSE_TEST(test_control_characters),
        RESPONSE_TEST(test_too_long),
        RESPONSE_TEST(test_no_header_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
