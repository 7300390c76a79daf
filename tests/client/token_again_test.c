/*
 * A token that is refused is read again once for all; an API version that is not known is
 * done without.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client_fixture.h"

static void test_read_again_once(void **state)
{
    struct client *c = *state;
    struct outcome outcomes[5];
    standin_post(&c->standin, "config", "{'tokens':['newer'],'latency_ms':20}");
    c->next_token = "newer";
    for (size_t i = 0; i < LENGTH(outcomes); i++)
        outcome_request(&outcomes[i], c, "GET", "/user", LONG_MS);
    client_run(c);
    for (size_t i = 0; i < LENGTH(outcomes); i++)
        assert_outcome(&outcomes[i], 0);
    assert_int_equal(c->rereads, 1);
    assert_int_equal(github_token_generation(c->github), 1);
    assert_int_equal(requests_to(&c->standin, NULL, NULL), 2 * LENGTH(outcomes));
    assert_int_equal(client_get(c, "/user", LONG_MS), 0);
    assert_int_equal(c->rereads, 1);
}

/* Its refusal comes when the others have had the token read already. */
static void test_late_refusal(void **state)
{
    struct client *c = *state;
    struct outcome quick, slow;
    assert_int_equal(client_get(c, "/user", LONG_MS), 0);
    standin_post(&c->standin, "config", "{'tokens':['newer']}");
    standin_post(&c->standin, "faults", "{'path':'/rate_limit','action':'delay','ms':300}");
    c->next_token = "newer";
    outcome_request(&slow, c, "GET", "/rate_limit", LONG_MS);
    outcome_request(&quick, c, "GET", "/user", LONG_MS);
    client_run(c);
    assert_outcome(&quick, 0);
    assert_outcome(&slow, 0);
    assert_true(quick.at_ms < slow.at_ms);
    assert_int_equal(c->rereads, 1);
}

static void test_new_token_is_no_better(void **state)
{
    struct client *c = *state;
    struct outcome o;
    standin_post(&c->standin, "config", "{'tokens':['another']}");
    c->next_token = "newer";
    outcome_request(&o, c, "GET", "/user", LONG_MS);
    client_run(c);
    assert_outcome(&o, -EACCES);
    assert_int_equal(o.why.status, 401);
    assert_string_equal(o.why.message, "Bad credentials");
    assert_int_equal(c->rereads, 1);
    assert_int_equal(requests_to(&c->standin, NULL, NULL), 2);
    /* Each refusal later is another reason to look. */
    assert_int_equal(client_get(c, "/user", LONG_MS), -EACCES);
    assert_int_equal(c->rereads, 2);
}

static void test_reading_fails(void **state)
{
    static const struct {
        int start_err, err, expected;
    } rows[] = {
        {0, -EACCES, -EACCES},
        {0, -ETIMEDOUT, -ETIMEDOUT},
        {0, -EIO, -EACCES},
        {-ENOMEM, 0, -EACCES},
    };
    struct client *c = *state;
    standin_post(&c->standin, "config", "{'tokens':['another']}");
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct outcome outcomes[2];
        c->start_err = rows[i].start_err;
        c->next_err = rows[i].err;
        standin_delete(&c->standin, "journal");
        outcome_request(&outcomes[0], c, "GET", "/user", LONG_MS);
        outcome_request(&outcomes[1], c, "GET", "/user", LONG_MS);
        client_run(c);
        assert_outcome(&outcomes[0], rows[i].expected);
        assert_outcome(&outcomes[1], rows[i].expected);
        if (rows[i].err)
            assert_non_null(strstr(outcomes[1].why.message, CLIENT_TOKEN_PROBLEM));
        assert_int_equal(github_token_generation(c->github), 0);
        assert_int_equal(requests_to(&c->standin, NULL, NULL), 2);
    }
}

/* A command is not run for each who is refused: once, then after a second, after two more, … */
static void test_costly_reading_backs_off(void **state)
{
    struct client *c = *state;
    struct outcome o;
    c->costly = true;
    client_open(c, c->standin.url, 64);
    standin_post(&c->standin, "config", "{'tokens':['another']}");
    c->next_token = "newer";
    uint64_t start = loop_now_ms();
    while (loop_now_ms() - start < 3700) {
        outcome_request(&o, c, "GET", "/user", LONG_MS);
        client_run(c);
        assert_outcome(&o, -EACCES);
        client_run_for(c, 20);
    }
    assert_uint_in_range(c->rereads, 2, 3); /* at 0, 1 and 3 s */
    unsigned before = c->rereads;
    assert_non_null(strstr(o.why.message, "the token was refused; it is read again in"));
    client_run_for(c, 3500);
    standin_post(&c->standin, "config", "{'tokens':['newer']}");
    assert_int_equal(client_get(c, "/user", LONG_MS), 0); /* with what it has */
    /* A token that was accepted is another matter. */
    standin_post(&c->standin, "config", "{'tokens':['newest']}");
    c->next_token = "newest";
    assert_int_equal(client_get(c, "/user", LONG_MS), 0);
    assert_int_equal(c->rereads, before + 1);
    assert_int_equal(client_get(c, "/user", LONG_MS), 0);
}

/* Whoever is to read it never answers: an operation ends all the same. */
static void test_reading_that_hangs(void **state)
{
    struct client *c = *state;
    struct outcome o;
    c->reread_hangs = true;
    standin_post(&c->standin, "config", "{'tokens':['another']}");
    uint64_t start = loop_now_ms();
    outcome_request(&o, c, "GET", "/user", 400);
    client_run(c);
    assert_outcome(&o, -ETIMEDOUT);
    assert_uint_in_range(loop_now_ms() - start, 390, 2000);
}

/* A limit was the old token's. */
static void test_limits_are_forgotten(void **state)
{
    struct client *c = *state;
    struct outcome limited, refused;
    c->next_token = "newer";
    standin_post(&c->standin, "config", "{'tokens':['newer','standin-token']}");
    standin_post(
        &c->standin, "faults", "{'path':'/user','status':429,'headers':{'Retry-After':'7'}}");
    standin_post(
        &c->standin, "faults", "{'path':'/orgs/acme','status':401,'action':'delay','ms':300}");
    outcome_request(&refused, c, "GET", "/orgs/acme", LONG_MS);
    outcome_request(&limited, c, "GET", "/user", LONG_MS);
    uint64_t start = loop_now_ms();
    client_run(c);
    assert_outcome(&refused, 0);
    assert_outcome(&limited, 0);
    assert_uint_in_range(loop_now_ms() - start, 300, 3000);
    assert_int_equal(github_status(c->github).limited_for_ms, 0);
}

/* Of a success, what would stop everything for ages is nonsense. */
static void test_nonsense_of_a_success(void **state)
{
    static const char *const resets[] = {"253402300799", "9223372036854775807",
        "18446744073709551615", "-1", "-253402300799", "soon", "", "0"};
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(resets); i++) {
        char fault[200];
        snprintf(fault, sizeof fault,
            "{'headers':{'x-ratelimit-remaining':'0','x-ratelimit-reset':'%s'}}", resets[i]);
        standin_post(&c->standin, "faults", fault);
        assert_int_equal(client_get(c, "/user", LONG_MS), 0);
        assert_int_equal(github_status(c->github).limited_for_ms, 0);
        assert_int_equal(client_get(c, "/user", 1000), 0);
    }
}

/* By the server's clock, which is a day behind ours. */
static void test_reset_by_the_servers_clock(void **state)
{
    struct client *c = *state;
    char fault[200];
    standin_post(&c->standin, "config", "{'clock_offset':-86400}");
    snprintf(fault, sizeof fault,
        "{'headers':{'x-ratelimit-remaining':'0','x-ratelimit-reset':'%lld'}}",
        (long long)time(NULL) - 86400 + 100);
    standin_post(&c->standin, "faults", fault);
    assert_int_equal(client_get(c, "/user", LONG_MS), 0);
    assert_uint_in_range(github_status(c->github).limited_for_ms, 90000, 102000);
}

static void test_token_cannot_change(void **state)
{
    struct client *c = *state;
    struct outcome o;
    c->token_cannot_change = true;
    client_open(c, c->standin.url, 64);
    standin_post(&c->standin, "config", "{'tokens':['another']}");
    outcome_request(&o, c, "GET", "/user", LONG_MS);
    client_run(c);
    assert_outcome(&o, -EACCES);
    assert_int_equal(o.why.status, 401);
    assert_int_equal(c->rereads, 0);
    assert_int_equal(requests_to(&c->standin, NULL, NULL), 1);
}

static void test_put_with_new_token(void **state)
{
    struct client *c = *state;
    struct outcome o;
    standin_post(&c->standin, "config", "{'tokens':['newer']}");
    c->next_token = "newer";
    outcome_put(&o, c, "X", "value", 5, LONG_MS);
    client_run(c);
    assert_outcome(&o, 0);
    assert_int_equal(c->rereads, 1);
    assert_int_equal(requests_to(&c->standin, "PUT", NULL), 1);
}

static void test_unknown_version(void **state)
{
    struct client *c = *state;
    struct outcome outcomes[3];
    struct journal journal;
    standin_post(&c->standin, "config", "{'api_versions':['2022-11-28']}");
    for (size_t i = 0; i < LENGTH(outcomes); i++)
        outcome_request(&outcomes[i], c, "GET", "/user", LONG_MS);
    client_run(c);
    for (size_t i = 0; i < LENGTH(outcomes); i++)
        assert_outcome(&outcomes[i], 0);
    assert_int_equal(client_get(c, "/user", LONG_MS), 0);
    journal_read(&c->standin, &journal);
    assert_int_equal(journal.count, 2 * LENGTH(outcomes) + 1);
    for (size_t i = 0; i < journal.count; i++)
        assert_int_equal(entry_header(&journal.entry[i], "x-github-api-version") != NULL,
            journal.entry[i].status == 400);
    journal_release(&journal);
}

/* A server that never has enough of it. */
static void test_version_is_dropped_once(void **state)
{
    struct client *c = *state;
    standin_post(&c->standin, "faults",
        "{'count':-1,'status':400,'body':{'message':'The API version is not supported'}}");
    assert_int_equal(client_get(c, "/user", LONG_MS), -EINVAL);
    assert_int_equal(requests_to(&c->standin, NULL, NULL), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(test_read_again_once),
        CLIENT_TEST(test_late_refusal),
        CLIENT_TEST(test_new_token_is_no_better),
        CLIENT_TEST(test_reading_fails),
        CLIENT_TEST(test_costly_reading_backs_off),
        CLIENT_TEST(test_reading_that_hangs),
        CLIENT_TEST(test_limits_are_forgotten),
        CLIENT_TEST(test_nonsense_of_a_success),
        CLIENT_TEST(test_reset_by_the_servers_clock),
        CLIENT_TEST(test_token_cannot_change),
        CLIENT_TEST(test_put_with_new_token),
        CLIENT_TEST(test_unknown_version),
        CLIENT_TEST(test_version_is_dropped_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
