/*
 * Redirects: followed within the origin with method and body kept, and nowhere else.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client_fixture.h"

#define OLD "/repos/acme/website/actions/secrets"

static void test_renamed_repository(void **state)
{
    struct client *c = *state;
    struct outcome list, put;
    size_t len;
    outcome_list(&list, c, OLD, ROW_SECRET, NULL, LONG_MS);
    client_run(c);
    assert_outcome(&list, 0);
    assert_int_equal(list.rows.count, 5);
    outcome_put_in(&put, c, OLD, "X", "value", 5, LONG_MS);
    client_run(c);
    assert_outcome(&put, 0);
    assert_true(put.created);
    assert_int_equal(requests_to(&c->standin, "PUT", OLD "/X"), 1);
    assert_int_equal(requests_to(&c->standin, "PUT", "/repositories/*/actions/secrets/X"), 1);
    unsigned char *value = standin_plaintext(&c->standin, SECRETS "/X", &len);
    assert_non_null(value);
    assert_int_equal(len, 5);
    assert_memory_equal(value, "value", 5);
    free(value);
    outcome_release(&list);
}

static void test_method_and_body_are_kept(void **state)
{
    static const int statuses[] = {301, 302, 307, 308};
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(statuses); i++) {
        struct journal journal;
        struct outcome o;
        char fault[200];
        standin_delete(&c->standin, "journal");
        snprintf(fault, sizeof fault,
            "{'method':'PUT','path':'" OLD "/NEW','status':%d,'headers':{'Location':'" SECRETS
            "/NEW'}}",
            statuses[i]);
        standin_post(&c->standin, "faults", fault);
        outcome_put_in(&o, c, OLD, "NEW", "value", 5, LONG_MS);
        client_run(c);
        assert_outcome(&o, 0);
        journal_read(&c->standin, &journal);
        const struct journal_entry *last = &journal.entry[journal.count - 1];
        assert_string_equal(last->method, "PUT");
        assert_string_equal(last->path, SECRETS "/NEW");
        assert_string_equal(last->body, journal.entry[journal.count - 2].body);
        assert_string_equal(entry_header(last, "authorization"), "Bearer standin-token");
        journal_release(&journal);
    }
}

/* Nothing is stored, removed or listed in place of what was asked for. */
static void test_to_another_thing(void **state)
{
    static const int statuses[] = {301, 302, 307, 308};
    static const char *const places[] = {SECRETS "/OTHER", "OTHER", SECRETS, SECRETS "/NEW/x",
        "/repos/acme/web/environments/production/secrets/NEW", "/orgs/acme/actions/secrets/NEW",
        "/user"};
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(places); i++) {
        struct outcome put, delete, list;
        char fault[200];
        standin_delete(&c->standin, "faults");
        standin_delete(&c->standin, "journal");
        snprintf(fault, sizeof fault,
            "{'path':'" SECRETS "*/NEW','count':-1,'status':%d,'headers':{'Location':'%s'}}",
            statuses[i % LENGTH(statuses)], places[i]);
        standin_post(&c->standin, "faults", fault);
        outcome_put(&put, c, "NEW", "value", 5, LONG_MS);
        client_run(c);
        assert_outcome(&put, -EPROTO);
        outcome_delete(&delete, c, "NEW", LONG_MS);
        client_run(c);
        assert_outcome(&delete, -EPROTO);
        outcome_list(&list, c, SECRETS "/x/NEW", ROW_SECRET, NULL, LONG_MS);
        client_run(c);
        assert_outcome(&list, -EPROTO);
        assert_int_equal(requests_to(&c->standin, "PUT", NULL), 1);
        assert_int_equal(requests_to(&c->standin, "DELETE", NULL), 1);
        outcome_release(&list);
    }
}

static void test_to_another_server(void **state)
{
    static const char *const origins[] = {"http://127.0.0.1", "http://localhost",
        "https://127.0.0.1", "//127.0.0.1", "http://user:word@127.0.0.1"};
    struct client *c = *state;
    struct standin other;
    standin_start(&other);
    for (size_t i = 0; i < LENGTH(origins); i++) {
        char fault[200];
        struct outcome o;
        standin_delete(&c->standin, "journal");
        snprintf(fault, sizeof fault, "{'status':307,'headers':{'Location':'%s:%d/user'}}",
            origins[i], other.port);
        standin_post(&c->standin, "faults", fault);
        outcome_request(&o, c, "GET", "/user", LONG_MS);
        client_run(c);
        assert_outcome(&o, -EPROTO);
        assert_int_equal(o.why.status, 307);
        assert_int_equal(requests_to(&c->standin, NULL, NULL), 1);
    }
    assert_int_equal(requests_to(&other, NULL, NULL), 0);
    standin_stop(&other);
}

static void test_in_a_circle(void **state)
{
    struct client *c = *state;
    standin_post(
        &c->standin, "faults", "{'count':-1,'status':302,'headers':{'Location':'/user'}}");
    assert_int_equal(client_get(c, "/user", LONG_MS), -EPROTO);
    assert_uint_in_range(requests_to(&c->standin, NULL, NULL), 2, 6);
}

static void test_no_location(void **state)
{
    static const char *const faults[] = {
        "{'status':302}",
        "{'status':302,'headers':{'Location':''}}",
        "{'status':302,'headers':{'Location':'https://'}}",
        "{'status':303,'headers':{'Location':'/rate_limit'}}",
    };
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(faults); i++) {
        standin_post(&c->standin, "faults", faults[i]);
        assert_int_equal(client_get(c, "/user", LONG_MS), -EPROTO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(test_renamed_repository),
        CLIENT_TEST(test_method_and_body_are_kept),
        CLIENT_TEST(test_to_another_thing),
        CLIENT_TEST(test_to_another_server),
        CLIENT_TEST(test_in_a_circle),
        CLIENT_TEST(test_no_location),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
