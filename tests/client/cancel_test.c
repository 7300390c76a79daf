/*
 * Cancelling, at every stage: nobody is called, nothing is left behind (a sanitizer tells),
 * and the rest goes on.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client_fixture.h"

static void assert_idle(const struct client *c)
{
    struct github_status s = github_status(c->github);
    assert_int_equal(s.in_flight, 0);
    assert_int_equal(s.queued, 0);
}

/* After a cancel: never called, and the client still works. */
static void assert_cancelled(struct client *c, const struct outcome *o)
{
    c->pending--;
    assert_idle(c);
    client_run_for(c, 30);
    assert_int_equal(o->called, 0);
    standin_delete(&c->standin, "faults");
    assert_int_equal(client_get(c, "/rate_limit", LONG_MS), 0);
}

static void test_request(void **state)
{
    static const struct {
        const char *fault;
        uint64_t after_ms;
    } rows[] = {
        {"{'action':'hang','count':-1}", 0},              /* not even tried */
        {"{'action':'hang','count':-1}", 50},             /* sent */
        {"{'action':'drip','ms':40,'count':-1}", 100},    /* half answered */
        {"{'status':500,'count':-1}", 60},                /* waits for another try */
        {"{'status':401,'path':'/user','count':-1}", 20}, /* its token is read again */
        {"{'status':302,'headers':{'Location':'/user?again'}}", 20},
    };
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct outcome o;
        c->next_token = "standin-token";
        standin_post(&c->standin, "faults", rows[i].fault);
        standin_post(&c->standin, "faults", "{'query':'again','action':'hang'}");
        struct request *request = outcome_request(&o, c, "GET", "/user", LONG_MS);
        if (rows[i].after_ms)
            client_run_for(c, rows[i].after_ms);
        assert_int_equal(o.called, 0);
        request_cancel(request);
        assert_cancelled(c, &o);
        client_run_for(c, 60);
    }
    request_cancel(NULL);
}

static void test_limited(void **state)
{
    struct client *c = *state;
    struct outcome o;
    standin_post(&c->standin, "faults", "{'status':429,'headers':{'Retry-After':'1'}}");
    struct request *request = outcome_request(&o, c, "GET", "/user", LONG_MS);
    client_run_for(c, 100);
    request_cancel(request);
    assert_cancelled(c, &o);
}

static void test_queued(void **state)
{
    struct client *c = *state;
    struct outcome hanging, first, second;
    client_open(c, c->standin.url, 1);
    standin_post(&c->standin, "faults", "{'action':'hang'}");
    struct request *h = outcome_request(&hanging, c, "GET", "/user", LONG_MS);
    struct request *f = outcome_request(&first, c, "GET", "/user", LONG_MS);
    outcome_request(&second, c, "GET", "/user", LONG_MS);
    client_run_for(c, 50);
    assert_int_equal(github_status(c->github).queued, 2);
    request_cancel(f);
    assert_int_equal(github_status(c->github).queued, 1);
    c->pending -= 2;
    request_cancel(h);
    /* Its place is free for the next. */
    client_run(c);
    assert_outcome(&second, 0);
    assert_int_equal(hanging.called + first.called, 0);
    assert_idle(c);
}

static void test_list(void **state)
{
    static const char *const faults[] = {
        "{'query':'per_page=100','action':'hang'}",
        "{'query':'*page=[23]','count':-1,'action':'hang'}",
    };
    struct client *c = *state;
    standin_post(&c->standin, "seed", "{'repos':['acme/big'],'secrets':300}");
    for (size_t i = 0; i < LENGTH(faults); i++) {
        struct outcome o;
        standin_post(&c->standin, "faults", faults[i]);
        struct list *list =
            outcome_list(&o, c, "/repos/acme/big/actions/secrets", ROW_SECRET, NULL, LONG_MS);
        client_run_for(c, 100);
        list_cancel(list);
        assert_cancelled(c, &o);
    }
    list_cancel(NULL);
}

static void test_call(void **state)
{
    static const char *const faults[] = {
        "{'path':'*/public-key','action':'hang'}",
        "{'method':'PUT','action':'hang'}",
    };
    struct client *c = *state;
    struct outcome o;
    for (size_t i = 0; i < LENGTH(faults); i++) {
        standin_post(&c->standin, "faults", faults[i]);
        struct call *call = outcome_put(&o, c, "X", "value", 5, LONG_MS);
        client_run_for(c, 50);
        call_cancel(call);
        c->pending--;
        /* The key may still be on its way, for others. */
        standin_delete(&c->standin, "faults");
        client_run_for(c, 50);
        assert_int_equal(o.called, 0);
    }
    standin_post(&c->standin, "faults", "{'action':'hang','count':-1}");
    struct call *get = outcome_get(&o, c, SECRETS "/NPM_TOKEN", LONG_MS);
    client_run_for(c, 30);
    call_cancel(get);
    assert_cancelled(c, &o);
    standin_post(&c->standin, "faults", "{'action':'hang','count':-1}");
    struct call *delete = outcome_delete(&o, c, "NPM_TOKEN", LONG_MS);
    client_run_for(c, 30);
    call_cancel(delete);
    assert_cancelled(c, &o);
    call_cancel(NULL);
}

/* One who waits for a key goes; the others get it. */
static void test_one_of_many_who_wait(void **state)
{
    struct client *c = *state;
    struct outcome gone, stays;
    standin_post(&c->standin, "config", "{'latency_ms':50}");
    struct call *call = outcome_put(&gone, c, "GONE", "value", 5, LONG_MS);
    outcome_put(&stays, c, "STAYS", "value", 5, LONG_MS);
    call_cancel(call);
    c->pending--;
    client_run(c);
    assert_outcome(&stays, 0);
    assert_int_equal(gone.called, 0);
    assert_int_equal(requests_to(&c->standin, "GET", "*/public-key"), 1);
    assert_int_equal(requests_to(&c->standin, "PUT", "*/GONE"), 0);
}

struct pair {
    struct client *client;
    struct request *other;
    struct outcome outcome;
};

static void cancel_other(
    void *arg, const struct failure *why, const struct http_response *response)
{
    struct pair *pair = arg;
    request_cancel(pair->other);
    outcome_of_request(&pair->outcome, why, response);
}

static void test_another_from_a_callback(void **state)
{
    struct client *c = *state;
    struct outcome other;
    struct pair pair = {.client = c};
    struct request *request;
    const struct request_options options = {
        .endpoint = ENDPOINT_ONE, .path = "/user", .deadline_ms = client_deadline(LONG_MS)};
    assert_int_equal(client_get(c, "/user", LONG_MS), 0);
    standin_post(&c->standin, "faults", "{'path':'/orgs/acme','action':'hang'}");
    pair.other = outcome_request(&other, c, "GET", "/orgs/acme", LONG_MS);
    c->pending--;
    outcome_init(&pair.outcome, c);
    assert_int_equal(request_start(c->github, &options, cancel_other, &pair, &request), 0);
    client_run(c);
    assert_outcome(&pair.outcome, 0);
    assert_int_equal(other.called, 0);
    assert_idle(c);
}

/* Its pages in flight and in the queue end together: the list must hear of it once. */
static void test_list_that_fails_with_pages_queued(void **state)
{
    static const struct {
        const char *fault;
        uint64_t in_ms;
        int err;
    } rows[] = {
        {"{'count':-1,'status':429,'headers':{'Retry-After':'60'}}", 2000, -EAGAIN},
        {"{'count':-1,'action':'hang'}", 300, -ETIMEDOUT},
        {"{'count':-1,'status':404}", 2000, -ENOENT},
    };
    struct client *c = *state;
    struct outcome known;
    standin_post(&c->standin, "seed", "{'repos':['acme/big'],'secrets':900}");
    outcome_list(&known, c, "/repos/acme/big/actions/secrets", ROW_SECRET, NULL, LONG_MS);
    client_run(c);
    assert_outcome(&known, 0);
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct outcome o;
        client_open(c, c->standin.url, 3);
        standin_delete(&c->standin, "faults");
        standin_post(&c->standin, "faults", rows[i].fault);
        outcome_list(
            &o, c, "/repos/acme/big/actions/secrets", ROW_SECRET, &known.etags, rows[i].in_ms);
        client_run(c);
        assert_outcome(&o, rows[i].err);
        assert_idle(c);
    }
    outcome_release(&known);
}

/* Nobody hears of a cancel from within it. */
static void test_cancel_calls_nobody(void **state)
{
    struct client *c = *state;
    struct outcome hanging, queued;
    client_open(c, c->standin.url, 1);
    standin_post(&c->standin, "faults", "{'action':'hang'}");
    struct request *h = outcome_request(&hanging, c, "GET", "/user", LONG_MS);
    client_run_for(c, 50);
    outcome_request(&queued, c, "GET", "/user", 100);
    client_run_for(c, 20);
    assert_int_equal(github_status(c->github).queued, 1);
    usleep(150000); /* its time is up, and the loop did not turn */
    request_cancel(h);
    assert_int_equal(queued.called, 0);
    c->pending--;
    client_run(c);
    assert_outcome(&queued, -ETIMEDOUT);
}

static void test_free_with_requests_in_flight(void **state)
{
    struct client *c = *state;
    struct outcome outcomes[4], key;
    client_open(c, c->standin.url, 2);
    standin_post(&c->standin, "faults", "{'count':-1,'action':'hang'}");
    for (size_t i = 0; i < LENGTH(outcomes); i++)
        outcome_request(&outcomes[i], c, "GET", "/user", LONG_MS);
    outcome_key(&key, c, SECRETS, LONG_MS);
    client_run_for(c, 50);
    wait_leave(&key.wait);
    github_free(c->github);
    c->github = NULL;
    client_run_for(c, 50);
    for (size_t i = 0; i < LENGTH(outcomes); i++)
        assert_int_equal(outcomes[i].called, 0);
    assert_int_equal(key.called, 0);
    github_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(test_request),
        CLIENT_TEST(test_limited),
        CLIENT_TEST(test_queued),
        CLIENT_TEST(test_list),
        CLIENT_TEST(test_call),
        CLIENT_TEST(test_one_of_many_who_wait),
        CLIENT_TEST(test_another_from_a_callback),
        CLIENT_TEST(test_list_that_fails_with_pages_queued),
        CLIENT_TEST(test_cancel_calls_nobody),
        CLIENT_TEST(test_free_with_requests_in_flight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
