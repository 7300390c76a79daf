/*
 * verdict.h: the table of contract §5.3, row by row.
 */
#include "github/verdict.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"

#define NOW 1767323045
#define SAYS(message) "{\"message\":\"" message "\"}"

struct row {
    long status;
    const char *headers[3];
    const char *body;
    enum verdict_action action;
    int err;
    uint64_t wait_ms;
};

static void reach_at(
    const struct row *row, enum endpoint endpoint, bool conditional, struct verdict *verdict)
{
    struct http_response response;
    response_init(&response);
    response.status = row->status;
    response.date = NOW;
    for (size_t i = 0; i < LENGTH(row->headers) && row->headers[i]; i++)
        response_header(&response, row->headers[i], strlen(row->headers[i]));
    if (row->body)
        assert_int_equal(buffer_add_string(&response.body, row->body), 0);
    verdict_reach(&response, endpoint, conditional, verdict);
    response_release(&response);
}

static void reach(const struct row *row, struct verdict *verdict)
{
    reach_at(row, ENDPOINT_ONE, false, verdict);
}

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct verdict v;
        reach(&rows[i], &v);
        if (v.action != rows[i].action || v.why.err != rows[i].err ||
            v.wait_ms != rows[i].wait_ms)
            fail_msg("row %zu, status %ld %s: action %d, err %d, wait %llu", i, rows[i].status,
                rows[i].body ? rows[i].body : "", (int)v.action, v.why.err,
                (unsigned long long)v.wait_ms);
        assert_int_equal(v.why.status, rows[i].status);
    }
}

static void test_success(void **state)
{
    static const struct row rows[] = {
        {200, {0}, "{}", VERDICT_OK, 0, 0},
        {200, {0}, "not JSON", VERDICT_OK, 0, 0}, /* for the reader to judge */
        {200, {"x-ratelimit-remaining: 0", "Retry-After: 5"}, "{}", VERDICT_OK, 0, 0},
    };
    (void)state;
    check(rows, LENGTH(rows));
}

static bool is_success(enum endpoint endpoint, long status, bool conditional)
{
    static const struct {
        enum endpoint endpoint;
        long statuses[2];
    } rows[] = {
        {ENDPOINT_LIST, {200}},
        {ENDPOINT_ONE, {200}},
        {ENDPOINT_KEY, {200}},
        {ENDPOINT_PUT_SECRET, {201, 204}},
        {ENDPOINT_DELETE_SECRET, {204}},
        {ENDPOINT_SET_SELECTION, {204}},
        {ENDPOINT_SELECT, {204}},
        {ENDPOINT_DESELECT, {204}},
    };
    for (size_t i = 0; i < LENGTH(rows); i++)
        if (rows[i].endpoint == endpoint)
            return status == rows[i].statuses[0] || status == rows[i].statuses[1] ||
                   (status == 304 && conditional);
    fail_msg("endpoint %d is not in the table", (int)endpoint);
    return false;
}

static void check_status(enum endpoint endpoint, long status, bool conditional)
{
    const struct row row = {.status = status, .headers = {"x-ratelimit-remaining: 0"}};
    struct verdict v;
    char words[60];
    reach_at(&row, endpoint, conditional, &v);
    if (is_success(endpoint, status, conditional)) {
        assert_int_equal(v.action, VERDICT_OK);
        return;
    }
    snprintf(words, sizeof words, "unexpected status %ld from the server", status);
    assert_int_equal(v.action, VERDICT_FAIL);
    assert_int_equal(v.why.err, -EPROTO);
    assert_string_equal(v.why.message, words);
}

/* Every status below 400 that is not the endpoint's own means that nothing was done. */
static void test_success_by_endpoint(void **state)
{
    (void)state;
    for (enum endpoint e = 0; e < ENDPOINT_COUNT; e++)
        for (long status = 100; status < 400; status++) {
            check_status(e, status, false);
            check_status(e, status, true);
        }
}

/* Who has nothing to read says nothing, but for an object of what is new. */
static void test_bodies_by_endpoint(void **state)
{
    static const struct {
        struct row row;
        bool is_read, is_change; /* does it mean success of a GET, of a change? */
    } rows[] = {
        {{.status = 200, .body = "{}"}, true, false},
        {{.status = 200, .body = "<html>"}, true, false}, /* for the reader to judge */
        {{.status = 201}, false, true},
        {{.status = 201, .body = "{}"}, false, true},
        {{.status = 201, .body = " {\"x\": [1]}\n"}, false, true},
        {{.status = 201, .headers = {"Content-Length: 2"}, .body = "{}"}, false, true},
        {{.status = 201, .body = "<html>"}, false, false},
        {{.status = 201, .body = "[]"}, false, false},
        {{.status = 201, .body = "null"}, false, false},
        {{.status = 201, .body = "\"{}\""}, false, false},
        {{.status = 201, .body = "{} {}"}, false, false},
        {{.status = 201, .body = "\n"}, false, false},
        {{.status = 204, .headers = {"Content-Length: 0"}}, false, true},
        {{.status = 204, .headers = {"Content-Length: 2"}}, false, false},
        {{.status = 204, .body = "{}"}, false, false},
        {{.status = 204, .body = "<html>"}, false, false},
    };
    (void)state;
    for (enum endpoint e = 0; e < ENDPOINT_COUNT; e++)
        for (size_t i = 0; i < LENGTH(rows); i++) {
            struct verdict v;
            bool is_get = strcmp(endpoint_method(e), "GET") == 0;
            bool is_right = (is_get ? rows[i].is_read : rows[i].is_change) &&
                            is_success(e, rows[i].row.status, false);
            reach_at(&rows[i].row, e, false, &v);
            assert_int_equal(v.action, is_right ? VERDICT_OK : VERDICT_FAIL);
            assert_int_equal(v.why.err, is_right ? 0 : -EPROTO);
        }
}

static void test_failures(void **state)
{
    static const struct row rows[] = {
        {400, {0}, SAYS("Problems parsing JSON"), VERDICT_FAIL, -EINVAL, 0},
        {400, {0}, SAYS("The API version 2099-01-01 is not supported"), VERDICT_VERSION,
            -EINVAL, 0},
        {401, {0}, SAYS("Bad credentials"), VERDICT_TOKEN, -EACCES, 0},
        {401, {0}, NULL, VERDICT_TOKEN, -EACCES, 0},
        {403, {0}, SAYS("Resource not accessible by personal access token"), VERDICT_FAIL,
            -EACCES, 0},
        {403, {0}, NULL, VERDICT_FAIL, -EACCES, 0},
        {403, {"x-ratelimit-remaining: 4999"}, SAYS("Forbidden"), VERDICT_FAIL, -EACCES, 0},
        {403, {0}, SAYS("Repository was archived so is read-only."), VERDICT_FAIL, -EROFS, 0},
        {403, {0}, SAYS("Repository is ARCHIVED"), VERDICT_FAIL, -EROFS, 0},
        {404, {0}, SAYS("Not Found"), VERDICT_FAIL, -ENOENT, 0},
        {404, {0}, "<html>", VERDICT_FAIL, -ENOENT, 0},
        {409, {0}, SAYS("Conflict"), VERDICT_FAIL, -EBUSY, 0},
        {410, {0}, SAYS("Gone"), VERDICT_FAIL, -ENOENT, 0},
        {413, {0}, NULL, VERDICT_FAIL, -EFBIG, 0},
        {422, {0}, SAYS("Validation Failed"), VERDICT_FAIL, -EINVAL, 0},
        {422, {0}, SAYS("Maximum number of secrets exceeded"), VERDICT_FAIL, -EDQUOT, 0},
        {422, {0}, SAYS("Repository secrets limit reached"), VERDICT_FAIL, -EDQUOT, 0},
        {403, {0}, SAYS("maximum number of secrets"), VERDICT_FAIL, -EDQUOT, 0},
        {409, {0}, SAYS("the secrets limit is reached"), VERDICT_FAIL, -EDQUOT, 0},
        {451, {0}, NULL, VERDICT_FAIL, -EACCES, 0},
        {418, {0}, NULL, VERDICT_FAIL, -EIO, 0},
    };
    (void)state;
    check(rows, LENGTH(rows));
}

static void test_retried(void **state)
{
    static const struct row rows[] = {
        {408, {0}, NULL, VERDICT_RETRY, -EIO, 0},
        {500, {0}, SAYS("Server Error"), VERDICT_RETRY, -EIO, 0},
        {502, {0}, "<html>Unicorn!</html>", VERDICT_RETRY, -EIO, 0},
        {503, {0}, NULL, VERDICT_RETRY, -EIO, 0},
        {504, {0}, NULL, VERDICT_RETRY, -EIO, 0},
        {503, {"Retry-After: 7"}, NULL, VERDICT_RETRY, -EIO, 7000},
    };
    (void)state;
    check(rows, LENGTH(rows));
}

static void test_rate_limits(void **state)
{
#define SECONDARY SAYS("You have exceeded a secondary rate limit. Please wait")
#define RESET_IN_90 "x-ratelimit-reset: 1767323135"
    static const struct row rows[] = {
        {403, {"Retry-After: 30"}, SAYS("Forbidden"), VERDICT_LIMITED, -EAGAIN, 30000},
        {429, {"Retry-After: 1"}, NULL, VERDICT_LIMITED, -EAGAIN, 1000},
        {429, {0}, NULL, VERDICT_LIMITED, -EAGAIN, 60000},
        {403, {0}, SECONDARY, VERDICT_LIMITED, -EAGAIN, 60000},
        {403, {"x-ratelimit-remaining: 4999", RESET_IN_90}, SECONDARY, VERDICT_LIMITED, -EAGAIN,
            60000},
        {403, {0}, SAYS("You have triggered an abuse detection mechanism"), VERDICT_LIMITED,
            -EAGAIN, 60000},
        {403, {"x-ratelimit-remaining: 0", RESET_IN_90},
            SAYS("API rate limit exceeded for user ID 1."), VERDICT_LIMITED, -EAGAIN, 91000},
        {429, {"x-ratelimit-remaining: 0", RESET_IN_90}, NULL, VERDICT_LIMITED, -EAGAIN, 91000},
        {403, {"x-ratelimit-remaining: 0"}, NULL, VERDICT_LIMITED, -EAGAIN, 60000},
        {403, {"x-ratelimit-remaining: 0", RESET_IN_90, "Retry-After: 7"}, NULL,
            VERDICT_LIMITED, -EAGAIN, 7000},
        {429, {"Retry-After: Fri, 02 Jan 2026 03:04:35 GMT"}, NULL, VERDICT_LIMITED, -EAGAIN,
            30000},
        {429, {"Retry-After: never"}, NULL, VERDICT_LIMITED, -EAGAIN, 60000},
    };
    (void)state;
    check(rows, LENGTH(rows));
}

/* The time is up by the header, yet the server said no: at once again would be a storm of
 * requests, for as long as the clocks differ. */
static void test_limit_that_is_over(void **state)
{
    static const struct row rows[] = {
        {.status = 403,
            .headers = {"x-ratelimit-remaining: 0", "x-ratelimit-reset: 1767320000"}},
        {.status = 403,
            .headers = {"x-ratelimit-remaining: 0", "x-ratelimit-reset: 1767323044"}},
        {.status = 429, .headers = {"Retry-After: 0"}},
        {.status = 429, .headers = {"Retry-After: Fri, 02 Jan 1970 00:00:00 GMT"}},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct verdict v;
        reach(&rows[i], &v);
        assert_int_equal(v.action, VERDICT_LIMITED);
        assert_uint_in_range(v.wait_ms, 100, 60000);
    }
}

/* No arithmetic may bring a wait of ages round to a short one, nor the time it ends. */
static void test_limit_of_ages(void **state)
{
    static const struct row rows[] = {
        {.status = 429, .headers = {"Retry-After: 9223372036854775807"}},
        {.status = 429, .headers = {"Retry-After: 18446744073709552"}},
        {.status = 403,
            .headers = {"x-ratelimit-remaining: 0", "x-ratelimit-reset: 9223372036854775807"}},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct verdict v;
        reach(&rows[i], &v);
        assert_int_equal(v.action, VERDICT_LIMITED);
        assert_int_equal(v.wait_ms, 3600000);
    }
}

/* The server's clock counts, not ours: a day wrong here changes nothing. */
static void test_reset_by_the_servers_clock(void **state)
{
    const struct row row = {.status = 429,
        .headers = {"Date: Thu, 01 Jan 2026 00:00:00 GMT", "x-ratelimit-remaining: 0",
            "x-ratelimit-reset: 1767225660"}};
    struct verdict v;
    (void)state;
    reach(&row, &v);
    assert_int_equal(v.wait_ms, 61000);
}

static void test_single_sign_on(void **state)
{
#define SSO_URL "https://github.com/orgs/acme/sso?authorization_request=AZSCKL4B67YOPCXL7GBK"
    const struct row row = {.status = 403,
        .headers = {"X-GitHub-SSO: required; url=" SSO_URL},
        .body = SAYS("Resource protected by organization SAML enforcement.")};
    struct verdict v;
    (void)state;
    reach(&row, &v);
    assert_int_equal(v.why.err, -EACCES);
    assert_non_null(strstr(v.why.message, SSO_URL));
}

/* A server that sends back what it got, also where the message is cut. */
static void test_token_is_hidden(void **state)
{
#define SECRET "ghp_0123456789abcdef"
    static const char *const bodies[] = {
        SAYS("you sent " SECRET),
        SAYS(SECRET SECRET),
        SAYS("ghp_0123456789\\u0061bcdef is bad"),
        "{\"message\":\"x\",\"errors\":[\"" SECRET "\"]}",
        "{\"message\":\"%0190d" SECRET "\"}",
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(bodies); i++) {
        struct http_response response;
        struct verdict v;
        char line[] = "X-GitHub-Request-Id: A1:" SECRET;
        char wanted[200] = "";
        response_init(&response);
        response.secret = SECRET;
        response.secret_len = strlen(SECRET);
        response.status = 403;
        response_header(&response, line, strlen(line));
        snprintf(wanted, sizeof wanted, "X-Accepted-GitHub-Permissions: %0118d" SECRET, 0);
        response_header(&response, wanted, strlen(wanted));
        char body[400];
        if (strchr(bodies[i], '%'))
            snprintf(body, sizeof body, "{\"message\":\"%0190d" SECRET "\"}", 0);
        else
            snprintf(body, sizeof body, "%s", bodies[i]);
        assert_int_equal(buffer_add_string(&response.body, body), 0);
        verdict_reach(&response, ENDPOINT_ONE, false, &v);
        assert_null(strstr(v.why.message, "ghp_"));
        assert_non_null(strstr(v.why.message, "***"));
        assert_string_equal(v.why.request_id, "A1:***");
        assert_null(strstr(v.why.wanted, "ghp_"));
        response_release(&response);
    }
}

static void test_redirects(void **state)
{
#define ELSEWHERE "Location: /elsewhere"
    static const struct row rows[] = {
        {301, {ELSEWHERE}, SAYS("Moved Permanently"), VERDICT_REDIRECT, 0, 0},
        {302, {ELSEWHERE}, NULL, VERDICT_REDIRECT, 0, 0},
        {307, {ELSEWHERE}, NULL, VERDICT_REDIRECT, 0, 0},
        {308, {ELSEWHERE}, NULL, VERDICT_REDIRECT, 0, 0},
        {301, {0}, NULL, VERDICT_FAIL, -EPROTO, 0},
        {303, {ELSEWHERE}, NULL, VERDICT_FAIL, -EPROTO, 0}, /* would turn a PUT into a GET */
        {300, {0}, NULL, VERDICT_FAIL, -EPROTO, 0},
        {404, {ELSEWHERE}, NULL, VERDICT_FAIL, -ENOENT, 0},
    };
    (void)state;
    check(rows, LENGTH(rows));
}

static void test_no_answer(void **state)
{
    static const struct {
        enum http_result result;
        enum verdict_action action;
        int err;
    } rows[] = {
        {HTTP_NO_CONNECTION, VERDICT_RETRY, -EHOSTUNREACH},
        {HTTP_BROKEN, VERDICT_RETRY, -EIO},
        {HTTP_TIMED_OUT, VERDICT_FAIL, -ETIMEDOUT},
        {HTTP_UNTRUSTED, VERDICT_FAIL, -EKEYREJECTED},
        {HTTP_TOO_LARGE, VERDICT_FAIL, -EPROTO},
        {HTTP_NO_MEMORY, VERDICT_FAIL, -ENOMEM},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct http_response response;
        struct verdict v;
        response_init(&response);
        response.result = rows[i].result;
        snprintf(response.detail, sizeof response.detail, "the words");
        verdict_reach(&response, ENDPOINT_ONE, false, &v);
        assert_int_equal(v.action, rows[i].action);
        assert_int_equal(v.why.err, rows[i].err);
        assert_int_equal(v.why.status, 0);
        assert_string_equal(v.why.message, "the words");
        response_release(&response);
    }
}

static void test_messages(void **state)
{
    static const struct {
        const char *body, *message;
    } rows[] = {
        {SAYS("Not Found"), "Not Found"},
        {"{\"message\":\"Validation Failed\",\"errors\":[{\"message\":\"name is taken\"}]}",
            "Validation Failed: name is taken"},
        {"{\"message\":\"Validation Failed\",\"errors\":[\"a\",\"b\"]}",
            "Validation Failed: a"},
        {"{\"message\":\"Validation Failed\",\"errors\":[]}", "Validation Failed"},
        {"{\"message\":\"Validation Failed\",\"errors\":[{\"code\":\"x\"}]}",
            "Validation Failed"},
        {"{\"message\":\"Validation Failed\",\"errors\":[null,7]}", "Validation Failed"},
        {"{\"message\":\"Validation Failed\",\"errors\":{\"a\":1}}", "Validation Failed"},
        {"{\"message\":\"two\\nlines \\u001b[31m\"}", "two lines ?[31m"},
        {"{\"message\":7}", "HTTP status 404"},
        {"[]", "HTTP status 404"},
        {"<html>", "HTTP status 404"},
        {"", "HTTP status 404"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const struct row row = {.status = 404, .body = rows[i].body};
        struct verdict v;
        reach(&row, &v);
        assert_string_equal(v.why.message, rows[i].message);
    }
}

static void test_long_message(void **state)
{
    struct row row = {.status = 404};
    char body[2000];
    struct verdict v;
    (void)state;
    snprintf(body, sizeof body, "{\"message\":\"%01500d\"}", 0);
    row.body = body;
    reach(&row, &v);
    assert_int_equal(strlen(v.why.message), 200);
}

static void test_what_support_asks_for(void **state)
{
    const struct row row = {403,
        {"X-GitHub-Request-Id: A1:B2", "X-Accepted-GitHub-Permissions: secrets=write"}, NULL,
        VERDICT_FAIL, -EACCES, 0};
    struct verdict v;
    (void)state;
    reach(&row, &v);
    assert_string_equal(v.why.request_id, "A1:B2");
    assert_string_equal(v.why.wanted, "secrets=write");
}

static void test_backoff(void **state)
{
    static const struct {
        unsigned tries;
        uint64_t least, most;
    } rows[] = {
        {1, 100, 200},
        {2, 200, 400},
        {3, 400, 800},
        {4, 800, 1600},
        {5, 1600, 3200},
        {6, 2500, 5000},
        {7, 2500, 5000},
        {1000, 2500, 5000},
        {UINT32_MAX, 2500, 5000},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        uint64_t least = UINT64_MAX, most = 0;
        for (unsigned k = 0; k < 1000; k++) {
            uint64_t wait = verdict_backoff_ms(rows[i].tries);
            assert_uint_in_range(wait, rows[i].least, rows[i].most);
            least = wait < least ? wait : least;
            most = wait > most ? wait : most;
        }
        /* Without jitter all clients come back together. */
        assert_true(most - least > (rows[i].most - rows[i].least) / 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_success),
        cmocka_unit_test(test_success_by_endpoint),
        cmocka_unit_test(test_bodies_by_endpoint),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_retried),
        cmocka_unit_test(test_rate_limits),
        cmocka_unit_test(test_limit_that_is_over),
        cmocka_unit_test(test_limit_of_ages),
        cmocka_unit_test(test_reset_by_the_servers_clock),
        cmocka_unit_test(test_single_sign_on),
        cmocka_unit_test(test_token_is_hidden),
        cmocka_unit_test(test_redirects),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_long_message),
        cmocka_unit_test(test_what_support_asks_for),
        cmocka_unit_test(test_backoff),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
