/*
 * Bodies that are not what they should be, and the statuses of contract §5.1, §5.3.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client_fixture.h"

static void test_bodies(void **state)
{
    static const struct {
        const char *fault;
        int err;
    } rows[] = {
        {"{'action':'garbage'}", -EPROTO},
        {"{'body':''}", -EPROTO},
        {"{'body':'null'}", -EPROTO},
        {"{'body':'\\ufeff{}'}", -EPROTO},
        {"{'body':[]}", -EPROTO},
        {"{'body':{}}", -EPROTO},
        {"{'body':{'name':7}}", -EPROTO},
        {"{'body':{'name':'A\\u0000B'}}", -EPROTO},
        {"{'body':{'name':'A'},'body_depth':1000}", -EPROTO},
        {"{'body':{'name':'A'},'body_size':9000000}", -EPROTO},
        {"{'body':{'name':'A'},'body_size':9000000,'action':'chunked'}", -EPROTO},
        {"{'body':{'name':'A'},'body_size':8388608}", 0},
        {"{'body':{'name':'A'},'action':'chunked'}", 0},
        {"{'body':{'name':'A'},'action':'drip','ms':5}", 0},
        {"{'body':{'name':'A','created_at':'nonsense','updated_at':7}}", 0},
    };
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct outcome o;
        standin_delete(&c->standin, "journal");
        standin_post(&c->standin, "faults", rows[i].fault);
        outcome_get(&o, c, SECRETS "/NPM_TOKEN", LONG_MS);
        client_run(c);
        assert_outcome(&o, rows[i].err);
        outcome_release(&o);
        /* Another try would give the same. */
        assert_int_equal(requests_to(&c->standin, NULL, NULL), 1);
    }
}

static void test_statuses(void **state)
{
    static const struct {
        const char *fault;
        int err;
        long status;
        const char *message;
    } rows[] = {
        {"{'status':400,'body':{'message':'Problems parsing JSON'}}", -EINVAL, 400,
            "Problems parsing JSON"},
        {"{'status':403,'body':{'message':'Must have admin rights'}}", -EACCES, 403,
            "Must have admin rights"},
        {"{'status':403,'body':{'message':'Repository was archived so is read-only.'}}", -EROFS,
            403, "Repository was archived so is read-only."},
        {"{'status':404,'body':'<html>'}", -ENOENT, 404, "HTTP status 404"},
        {"{'status':409,'body':{'message':'Conflict'}}", -EBUSY, 409, "Conflict"},
        {"{'status':422,'body':{'message':'No\\nno \\u001b[31m','errors':['x']}}", -EINVAL, 422,
            "No no ?[31m: x"},
        {"{'status':451}", -EACCES, 451, NULL},
        {"{'status':301}", -EPROTO, 301, NULL},
    };
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct outcome o;
        standin_delete(&c->standin, "journal");
        standin_post(&c->standin, "faults", rows[i].fault);
        outcome_request(&o, c, "GET", "/user", LONG_MS);
        client_run(c);
        assert_outcome(&o, rows[i].err);
        assert_int_equal(o.why.status, rows[i].status);
        if (rows[i].message)
            assert_string_equal(o.why.message, rows[i].message);
        assert_int_equal(requests_to(&c->standin, NULL, NULL), 1);
    }
    assert_int_equal(github_status(c->github).failed, LENGTH(rows));
    assert_int_equal(github_status(c->github).retries, 0);
}

static void test_what_support_asks_for(void **state)
{
    struct client *c = *state;
    struct outcome o;
    standin_post(&c->standin, "faults",
        "{'status':403,'headers':{'X-GitHub-Request-Id':'A1:B2',"
        "'X-Accepted-GitHub-Permissions':'secrets=write'}}");
    outcome_request(&o, c, "GET", "/user", LONG_MS);
    client_run(c);
    assert_outcome(&o, -EACCES);
    assert_string_equal(o.why.request_id, "A1:B2");
    assert_string_equal(o.why.wanted, "secrets=write");
}

static void test_status(void **state)
{
    struct client *c = *state;
    struct github_status s = github_status(c->github);
    assert_int_equal(s.limit, -1);
    assert_int_equal(s.requests, 0);
    assert_string_equal(s.base_url, c->standin.url);
    assert_int_equal(client_get(c, "/user", LONG_MS), 0);
    assert_int_equal(client_get(c, "/no/such/thing", LONG_MS), -ENOENT);
    s = github_status(c->github);
    assert_int_equal(s.requests, 2);
    assert_int_equal(s.failed, 1);
    assert_int_equal(s.connections, 1);
    assert_true(s.bytes_sent > 0 && s.bytes_received > 0);
    assert_int_equal(s.limit, 5000);
    assert_uint_in_range(s.limit_remaining, 4000, 5000);
    assert_true(s.limit_reset > 0);
    assert_int_equal(s.in_flight + s.queued, 0);
    assert_int_equal(s.limited_for_ms, 0);
}

/* GitHub Enterprise Server: the API under a prefix, no rate limits. */
static void test_enterprise_server(void **state)
{
    struct client *c = *state;
    char url[100];
    struct outcome o;
    snprintf(url, sizeof url, "%s/api/v3", c->standin.url);
    standin_post(&c->standin, "config", "{'rate_limit':false}");
    client_open(c, url, 64);
    outcome_put(&o, c, "X", "value", 5, LONG_MS);
    client_run(c);
    assert_outcome(&o, 0);
    assert_int_equal(requests_to(&c->standin, "PUT", "/api/v3" SECRETS "/X"), 1);
    assert_int_equal(github_status(c->github).limit, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(test_bodies),
        CLIENT_TEST(test_statuses),
        CLIENT_TEST(test_what_support_asks_for),
        CLIENT_TEST(test_status),
        CLIENT_TEST(test_enterprise_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
