/*
 * What is tried again, for how long, and what is said when the time is up.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client_fixture.h"

/* Between a deadline and the call, on a busy machine. */
#define SLACK_MS 700

static void test_tried_again(void **state)
{
    static const struct {
        const char *fault;
        size_t requests;
    } rows[] = {
        {"{'status':500}", 2},
        {"{'status':502,'body':'<html>','count':2}", 3},
        {"{'status':503}", 2},
        {"{'status':408}", 2},
        {"{'action':'reset-before'}", 2},
        {"{'action':'reset-after'}", 2},
        {"{'action':'truncate'}", 2},
    };
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        client_open(c, c->standin.url, 64);
        standin_delete(&c->standin, "journal");
        standin_post(&c->standin, "faults", rows[i].fault);
        assert_int_equal(client_get(c, "/user", LONG_MS), 0);
        assert_int_equal(requests_to(&c->standin, NULL, NULL), rows[i].requests);
        assert_int_equal(github_status(c->github).failed, 0);
        assert_int_equal(github_status(c->github).retries, rows[i].requests - 1);
    }
}

static void test_until_the_deadline(void **state)
{
    static const struct {
        const char *fault;
        uint64_t in_ms;
        bool all_of_it; /* no answer came, so the whole time was waited */
        int err;
        long status;
    } rows[] = {
        {"{'status':500,'count':-1}", 1000, false, -EIO, 500},
        {"{'action':'reset-before','count':-1}", 800, false, -EIO, 0},
        {"{'action':'truncate','count':-1}", 800, false, -EIO, 0},
        {"{'action':'hang','count':-1}", 500, true, -ETIMEDOUT, 0},
        {"{'action':'drip','ms':2000,'count':-1}", 500, true, -ETIMEDOUT, 0},
    };
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct outcome o;
        uint64_t start = loop_now_ms();
        client_open(c, c->standin.url, 64);
        standin_delete(&c->standin, "faults");
        standin_delete(&c->standin, "journal");
        standin_post(&c->standin, "faults", rows[i].fault);
        outcome_request(&o, c, "GET", "/user", rows[i].in_ms);
        client_run(c);
        assert_outcome(&o, rows[i].err);
        assert_int_equal(o.why.status, rows[i].status);
        assert_uint_in_range(o.at_ms - start, rows[i].all_of_it ? rows[i].in_ms - 5 : 0,
            rows[i].in_ms + SLACK_MS);
        size_t tries = requests_to(&c->standin, NULL, NULL);
        assert_uint_in_range(tries, rows[i].all_of_it ? 1 : 2, rows[i].all_of_it ? 1 : 12);
    }
}

/* Its answer was lost, once on a new connection and once on a kept one, where libcurl sends
 * the request again by itself. */
static void test_delete_that_took_effect(void **state)
{
    static const char *const names[] = {"NPM_TOKEN", "SENTRY_DSN", "DEPLOY_KEY"};
    static const char *const faults[] = {
        "{'method':'DELETE','action':'reset-after'}",
        "{'method':'DELETE','action':'reset-after'}",
        "{'method':'DELETE','status':502,'after':true}",
    };
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct outcome o, again;
        if (i == 1)
            assert_int_equal(client_get(c, "/user", LONG_MS), 0);
        standin_delete(&c->standin, "journal");
        standin_post(&c->standin, "faults", faults[i]);
        outcome_delete(&o, c, names[i], LONG_MS);
        client_run(c);
        assert_outcome(&o, 0);
        assert_int_equal(requests_to(&c->standin, "DELETE", NULL), 2);
        outcome_delete(&again, c, names[i], LONG_MS);
        client_run(c);
        assert_outcome(&again, -ENOENT);
    }
}

/* The 404 may be for want of permission, and the DELETE before it may have done nothing. */
static void test_delete_after_which_nothing_is_seen(void **state)
{
    static const struct {
        const char *get;
        int err;
    } rows[] = {
        {"{'method':'GET','status':404}", -EACCES}, {"{'method':'GET','status':403}", -EACCES},
        {"{'method':'GET','status':418}", -EIO},
        {"{'method':'GET','status':502}", 0}, /* tried again */
    };
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct outcome o;
        standin_delete(&c->standin, "journal");
        standin_post(&c->standin, "faults", "{'method':'DELETE','status':502}");
        standin_post(&c->standin, "faults", "{'method':'DELETE','status':404}");
        standin_post(&c->standin, "faults", rows[i].get);
        outcome_delete(&o, c, "NPM_TOKEN", LONG_MS);
        client_run(c);
        assert_outcome(&o, rows[i].err);
        assert_int_equal(requests_to(&c->standin, "DELETE", NULL), 2);
        assert_int_equal(requests_to(&c->standin, "GET", NULL), rows[i].err ? 1 : 2);
        if (rows[i].err)
            assert_non_null(strstr(o.why.message, "perhaps not deleted: "));
    }
}

static void test_put_that_took_effect(void **state)
{
    struct client *c = *state;
    struct outcome o;
    size_t len;
    standin_post(&c->standin, "faults", "{'method':'PUT','action':'reset-after'}");
    outcome_put(&o, c, "X", "value", 5, LONG_MS);
    client_run(c);
    assert_outcome(&o, 0);
    unsigned char *value = standin_plaintext(&c->standin, SECRETS "/X", &len);
    assert_int_equal(len, 5);
    assert_memory_equal(value, "value", 5);
    free(value);
}

/* A 404 after a try that cannot have been processed is a 404. */
static void test_delete_after_a_refusal(void **state)
{
    struct client *c = *state;
    struct outcome o;
    standin_post(&c->standin, "faults",
        "{'method':'DELETE','status':429,'headers':{'Retry-After':'1'}}");
    outcome_delete(&o, c, "NO_SUCH", LONG_MS);
    client_run(c);
    assert_outcome(&o, -ENOENT);
}

static void test_limit_is_waited_out(void **state)
{
    struct client *c = *state;
    struct outcome first, second;
    uint64_t start = loop_now_ms();
    standin_post(&c->standin, "faults", "{'status':403,'headers':{'Retry-After':'1'}}");
    outcome_request(&first, c, "GET", "/user", LONG_MS);
    client_run_for(c, 200);
    assert_int_equal(first.called, 0);
    assert_uint_in_range(github_status(c->github).limited_for_ms, 500, 1000);
    /* Nor is anything else sent. */
    outcome_request(&second, c, "GET", "/rate_limit", LONG_MS);
    client_run_for(c, 200);
    assert_int_equal(requests_to(&c->standin, NULL, NULL), 1);
    client_run(c);
    assert_outcome(&first, 0);
    assert_outcome(&second, 0);
    assert_uint_in_range(first.at_ms - start, 990, 1000 + SLACK_MS);
    assert_int_equal(requests_to(&c->standin, NULL, NULL), 3);
}

static void test_limit_past_the_deadline(void **state)
{
    static const char *const faults[] = {
        "{'status':429,'headers':{'Retry-After':'60'}}",
        "{'status':403,'body':{'message':'You have exceeded a secondary rate limit.'}}",
        ("{'status':403,'headers':{'x-ratelimit-remaining':'0',"
         "'x-ratelimit-reset':'9999999999'}}"),
    };
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(faults); i++) {
        uint64_t start = loop_now_ms();
        client_open(c, c->standin.url, 64);
        standin_delete(&c->standin, "journal");
        standin_post(&c->standin, "faults", faults[i]);
        assert_int_equal(client_get(c, "/user", 2000), -EAGAIN);
        assert_int_equal(client_get(c, "/user", 2000), -EAGAIN);
        assert_uint_in_range(loop_now_ms() - start, 0, SLACK_MS);
        assert_int_equal(requests_to(&c->standin, NULL, NULL), 1);
    }
}

static void assert_ends_in(const struct outcome *o, time_t start, int seconds)
{
    static const char words[] = "; try again after ";
    const char *found = strstr(o->why.message, words);
    int64_t until;
    assert_outcome(o, -EAGAIN);
    assert_non_null(found);
    assert_true(text_to_time(found + strlen(words), &until));
    assert_uint_in_range(until - start, seconds, seconds + 5);
}

/* Who is refused is told for how long, and whoever comes after that too; however long the
 * server's own words are. */
static void test_limit_tells_its_end(void **state)
{
    char used_up[200];
    const struct {
        const char *fault;
        int seconds;
    } rows[] = {
        {"{'status':429}", 60},
        {"{'status':429,'headers':{'Retry-After':'soon'}}", 60},
        {"{'status':403,'headers':{'Retry-After':'30'}}", 30},
        {used_up, 100},
        {"{'status':403,'body':{'message':'You have exceeded a secondary rate limit. Please "
         "wait "
         "a few minutes before you try again. If you reach out to GitHub Support for help, "
         "please include the request ID 1234:5678:9ABC:DEF0:12345678 and timestamp.'}}",
            60},
    };
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        time_t start = time(NULL);
        struct outcome first, second;
        client_open(c, c->standin.url, 64);
        snprintf(used_up, sizeof used_up,
            "{'headers':{'x-ratelimit-remaining':'0','x-ratelimit-reset':'%lld'}}",
            (long long)start + 100);
        standin_post(&c->standin, "faults", rows[i].fault);
        outcome_request(&first, c, "GET", "/user", 2000);
        client_run(c);
        outcome_request(&second, c, "GET", "/user", 2000);
        client_run(c);
        if (first.why.err)
            assert_ends_in(&first, start, rows[i].seconds);
        assert_ends_in(&second, start, rows[i].seconds);
        if (first.why.err)
            assert_string_equal(second.why.message, first.why.message);
    }
}

/* By the headers the limit is over, or ages away, and still the answer is no: not one request
 * after another as fast as they go. */
static void test_limit_is_no_storm(void **state)
{
    static const char *const faults[] = {
        ("{'count':-1,'status':403,'headers':{'x-ratelimit-remaining':'0',"
         "'x-ratelimit-reset':'1000000000'}}"),
        "{'count':-1,'status':429,'headers':{'Retry-After':'0'}}",
        "{'count':-1,'status':429,'headers':{'Retry-After':'9223372036854775807'}}",
    };
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(faults); i++) {
        client_open(c, c->standin.url, 64);
        standin_delete(&c->standin, "faults");
        standin_delete(&c->standin, "journal");
        standin_post(&c->standin, "faults", faults[i]);
        assert_int_equal(client_get(c, "/user", 300), -EAGAIN);
        assert_uint_in_range(github_status(c->github).requests, 1, 10);
    }
}

/* A port where nobody listens, as a URL. */
static void closed_port(char *url, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    snprintf(url, size, "http://127.0.0.1:%d", ntohs(address.sin_port));
}

static void test_connection_refused(void **state)
{
    struct client *c = *state;
    char url[64];
    closed_port(url, sizeof url);
    client_open(c, url, 64);
    uint64_t start = loop_now_ms();
    assert_int_equal(client_get(c, "/user", 1000), -EHOSTUNREACH);
    assert_uint_in_range(loop_now_ms() - start, 100, 1000 + SLACK_MS);
    assert_uint_in_range(github_status(c->github).requests, 2, 8);
}

static void test_impatient(void **state)
{
    struct client *c = *state;
    struct request *request;
    struct outcome o;
    char url[64];
    closed_port(url, sizeof url);
    client_open(c, url, 64);
    uint64_t start = loop_now_ms();
    const struct request_options options = {.endpoint = ENDPOINT_ONE,
        .path = "/user",
        .deadline_ms = client_deadline(LONG_MS),
        .impatient = true};
    outcome_init(&o, c);
    assert_int_equal(request_start(c->github, &options, outcome_of_request, &o, &request), 0);
    client_run(c);
    assert_outcome(&o, -EHOSTUNREACH);
    assert_uint_in_range(loop_now_ms() - start, 0, SLACK_MS);
    assert_int_equal(github_status(c->github).requests, 1);
}

static void test_no_such_host(void **state)
{
    struct client *c = *state;
    client_open(c, "http://no-such-host.invalid", 64);
    assert_int_equal(client_get(c, "/user", 500), -EHOSTUNREACH);
}

static void test_max_requests(void **state)
{
    static const unsigned rows[] = {1, 4, 64};
    struct client *c = *state;
    standin_post(&c->standin, "config", "{'latency_ms':30}");
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct outcome outcomes[12];
        struct journal journal;
        int most = 0;
        client_open(c, c->standin.url, rows[i]);
        standin_delete(&c->standin, "journal");
        for (size_t k = 0; k < LENGTH(outcomes); k++)
            outcome_request(&outcomes[k], c, "GET", "/user", LONG_MS);
        client_run(c);
        for (size_t k = 0; k < LENGTH(outcomes); k++)
            assert_outcome(&outcomes[k], 0);
        journal_read(&c->standin, &journal);
        assert_int_equal(journal.count, LENGTH(outcomes));
        for (size_t k = 0; k < journal.count; k++)
            most = journal.entry[k].in_flight > most ? journal.entry[k].in_flight : most;
        assert_uint_in_range(most, rows[i] == 1 ? 1 : 2, rows[i]);
        journal_release(&journal);
        assert_int_equal(github_status(c->github).in_flight, 0);
        assert_int_equal(github_status(c->github).queued, 0);
    }
}

/* Also when it is the first of all, and nothing is known of the server yet. */
static void test_stuck_request_delays_no_other(void **state)
{
    struct client *c = *state;
    struct outcome stuck, other;
    uint64_t start = loop_now_ms();
    standin_post(&c->standin, "faults", "{'path':'/orgs/acme','action':'hang'}");
    outcome_request(&stuck, c, "GET", "/orgs/acme", 1000);
    outcome_request(&other, c, "GET", "/user", 3000);
    client_run(c);
    assert_outcome(&stuck, -ETIMEDOUT);
    assert_outcome(&other, 0);
    assert_uint_in_range(other.at_ms - start, 0, SLACK_MS);
}

/* First come, first served; and whose time is up in the queue hears of it in time. */
static void test_queue(void **state)
{
    struct client *c = *state;
    struct outcome hanging, waiting, patient;
    uint64_t start = loop_now_ms();
    client_open(c, c->standin.url, 1);
    standin_post(&c->standin, "faults", "{'action':'hang'}");
    outcome_request(&hanging, c, "GET", "/user", 900);
    outcome_request(&waiting, c, "GET", "/user", 300);
    outcome_request(&patient, c, "GET", "/rate_limit", LONG_MS);
    client_run_for(c, 100);
    assert_int_equal(github_status(c->github).in_flight, 1);
    assert_int_equal(github_status(c->github).queued, 2);
    client_run(c);
    assert_outcome(&hanging, -ETIMEDOUT);
    assert_outcome(&waiting, -ETIMEDOUT);
    assert_outcome(&patient, 0);
    assert_uint_in_range(waiting.at_ms - start, 295, 800);
    assert_int_equal(requests_to(&c->standin, NULL, NULL), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(test_tried_again),
        CLIENT_TEST(test_until_the_deadline),
        CLIENT_TEST(test_delete_that_took_effect),
        CLIENT_TEST(test_delete_after_which_nothing_is_seen),
        CLIENT_TEST(test_put_that_took_effect),
        CLIENT_TEST(test_delete_after_a_refusal),
        CLIENT_TEST(test_limit_is_waited_out),
        CLIENT_TEST(test_limit_past_the_deadline),
        CLIENT_TEST(test_limit_tells_its_end),
        CLIENT_TEST(test_limit_is_no_storm),
        CLIENT_TEST(test_connection_refused),
        CLIENT_TEST(test_impatient),
        CLIENT_TEST(test_no_such_host),
        CLIENT_TEST(test_max_requests),
        CLIENT_TEST(test_stuck_request_delays_no_other),
        CLIENT_TEST(test_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
