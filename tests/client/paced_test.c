/*
 * What the client itself holds back: github.com's budget, and a rate limit that is used up.
 */
#include <errno.h>
#include <stdio.h>

#include "client_fixture.h"
#include "github/pace.h"

/* So many writes are free, with the key's request before them. */
#define FREE_WRITES ((PACE_BURST - 1) / 5)
#define MORE 3
#define WRITES (FREE_WRITES + MORE)

static struct client *paced(void **state)
{
    struct client *c = *state;
    c->paced = true;
    client_open(c, c->standin.url, 64);
    c->paced = false;
    return c;
}

/* Whoever waits for points outlives the deadline that he came with. */
static void test_writes_slow_down(void **state)
{
    static struct outcome outcomes[WRITES];
    struct client *c = paced(state);
    struct outcome read;
    uint64_t last_ms = 0;

    standin_post(&c->standin, "seed", "{'repo':'acme/paced','secrets':0}");
    uint64_t start_ms = loop_now_ms();
    for (unsigned i = 0; i < WRITES; i++) {
        char name[16];
        snprintf(name, sizeof name, "NAME_%u", i % 50);
        outcome_put_in(
            &outcomes[i], c, "/repos/acme/paced/actions/secrets", name, "v", 1, 2000);
    }
    outcome_request(&read, c, "GET", "/user", LONG_MS);
    client_run(c);
    for (unsigned i = 0; i < WRITES; i++) {
        assert_int_equal(outcomes[i].why.err, 0);
        if (outcomes[i].at_ms > last_ms)
            last_ms = outcomes[i].at_ms;
    }
    assert_true(last_ms >= start_ms + (MORE - 1) * 1000);
    assert_true(read.at_ms < last_ms);
    assert_int_equal(github_status(c->github).retries, 0);
    assert_uint_in_range(github_status(c->github).points_left, 0, 5);
}

#define LATE "/orgs/acme/actions/secrets/PAGERDUTY_KEY/repositories/1"

static void start_late(
    struct outcome *outcome, struct client *c, uint64_t good_ms, bool is_paid)
{
    struct request *request = NULL;
    const struct request_options options = {
        .endpoint = ENDPOINT_SELECT,
        .path = LATE,
        .deadline_ms = client_deadline(LONG_MS),
        .good_until_ms = loop_now_ms() + good_ms,
        .is_paid = is_paid,
    };
    outcome_init(outcome, c);
    assert_int_equal(
        request_start(c->github, &options, outcome_of_request, outcome, &request), 0);
}

/* What has become too old while it waited for points is made anew, and waits no more: else it
 * would be too old again, for ever. */
static void test_what_waited_too_long_waits_once(void **state)
{
    static struct outcome outcomes[FREE_WRITES + 3];
    struct client *c = paced(state);
    struct outcome late;

    for (unsigned i = 0; i < FREE_WRITES + 3; i++)
        outcome_delete(&outcomes[i], c, "NO_SUCH_NAME", LONG_MS);
    start_late(&late, c, 300, false);
    client_run(c);
    assert_outcome(&late, -ERESTART);
    assert_int_equal(requests_to(&c->standin, "PUT", NULL), 0);

    for (unsigned i = 0; i < 2; i++)
        outcome_delete(&outcomes[i], c, "NO_SUCH_NAME", LONG_MS);
    start_late(&late, c, 300, true);
    client_run(c);
    assert_int_not_equal(late.why.err, -ERESTART);
    assert_int_equal(requests_to(&c->standin, "PUT", NULL), 1);
}

static void test_others_are_not_paced(void **state)
{
    struct client *c = *state;
    client_open(c, c->standin.url, 64);
    assert_int_equal(github_status(c->github).points_left, -1);
}

/* The answer that says so is a good one; the next request would be refused. */
static void test_a_limit_that_is_used_up(void **state)
{
    struct client *c = *state;
    struct outcome o;

    client_open(c, c->standin.url, 64);
    standin_post(&c->standin, "config", "{'rate_limit_remaining':1}");
    assert_int_equal(client_get(c, "/user", LONG_MS), 0);
    assert_int_equal(github_status(c->github).limit_remaining, 0);
    standin_delete(&c->standin, "journal");
    outcome_request(&o, c, "GET", "/user", 500);
    client_run(c);
    assert_int_equal(o.why.err, -EAGAIN);
    assert_int_equal(requests_to(&c->standin, NULL, NULL), 0);
    standin_post(&c->standin, "config", "{'rate_limit_remaining':5000}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_writes_slow_down, client_set_up, client_tear_down),
        cmocka_unit_test_setup_teardown(
            test_what_waited_too_long_waits_once, client_set_up, client_tear_down),
        cmocka_unit_test_setup_teardown(
            test_others_are_not_paced, client_set_up, client_tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_limit_that_is_used_up, client_set_up, client_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
