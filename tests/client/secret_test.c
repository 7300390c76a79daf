/*
 * secret.h and key.h: values that arrive as they were, sealed with the right key.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client_fixture.h"

/* X25519's base point: as good a public key as any, where nobody is to open the box. */
#define SOME_KEY "CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void assert_plaintext(struct client *c, const char *path, const void *value, size_t len)
{
    size_t arrived_len;
    unsigned char *arrived = standin_plaintext(&c->standin, path, &arrived_len);
    assert_non_null(arrived);
    assert_int_equal(arrived_len, len);
    assert_memory_equal(arrived, value, len);
    free(arrived);
}

static void put_now(struct client *c, const char *name, const char *value, int err)
{
    struct outcome o;
    outcome_put(&o, c, name, value, strlen(value), LONG_MS);
    client_run(c);
    assert_outcome(&o, err);
}

static void test_round_trip(void **state)
{
    struct client *c = *state;
    struct outcome made, changed, read, gone, missing;
    uint64_t now = (uint64_t)time(NULL);
    outcome_put(&made, c, "NEW", "one", 3, LONG_MS);
    client_run(c);
    assert_outcome(&made, 0);
    assert_true(made.created);
    assert_uint_in_range(made.date, now - 2, now + 10);
    assert_plaintext(c, SECRETS "/NEW", "one", 3);

    outcome_put(&changed, c, "NEW", "two", 3, LONG_MS);
    client_run(c);
    assert_outcome(&changed, 0);
    assert_false(changed.created);
    assert_plaintext(c, SECRETS "/NEW", "two", 3);

    outcome_get(&read, c, SECRETS "/NEW", LONG_MS);
    client_run(c);
    assert_outcome(&read, 0);
    assert_string_equal(read.rows.row[0].name, "NEW");
    assert_uint_in_range(read.rows.row[0].updated_at, now - 2, now + 10);
    outcome_release(&read);

    outcome_delete(&gone, c, "NEW", LONG_MS);
    client_run(c);
    assert_outcome(&gone, 0);
    outcome_get(&read, c, SECRETS "/NEW", LONG_MS);
    outcome_delete(&missing, c, "NEW", LONG_MS);
    client_run(c);
    assert_outcome(&read, -ENOENT);
    assert_int_equal(read.why.status, 404);
    assert_string_equal(read.why.message, "Not Found");
    assert_true(read.why.request_id[0] != '\0');
    assert_outcome(&missing, -ENOENT);
}

static void test_values(void **state)
{
    static const size_t sizes[] = {0, 1, 256, 1000, SECRET_VALUE_MAX};
    static unsigned char value[SECRET_VALUE_MAX];
    struct client *c = *state;
    for (size_t i = 0; i < sizeof value; i++)
        value[i] = (unsigned char)(i ^ i >> 8);
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        struct outcome o;
        outcome_put(&o, c, "VALUE", value, sizes[i], LONG_MS);
        client_run(c);
        assert_outcome(&o, 0);
        assert_plaintext(c, SECRETS "/VALUE", value, sizes[i]);
    }
    assert_int_equal(requests_to(&c->standin, "GET", "*/public-key"), 1);
}

static void test_name_is_encoded(void **state)
{
    struct client *c = *state;
    struct outcome o;
    outcome_delete(&o, c, "../web?x#/%2F", LONG_MS);
    client_run(c);
    assert_outcome(&o, -ENOENT);
    assert_int_equal(requests_to(&c->standin, "DELETE", SECRETS "/..%2Fweb%3Fx%23%2F%252F"), 1);
}

static void test_one_key_for_all_who_wait(void **state)
{
    struct client *c = *state;
    struct outcome keys[3], puts[3];
    const char *id = NULL;
    assert_null(key_fresh(c->github, SECRETS, NULL));
    for (size_t i = 0; i < 3; i++) {
        outcome_key(&keys[i], c, SECRETS, LONG_MS);
        assert_int_equal(keys[i].called, 0);
        outcome_put(&puts[i], c, i ? "A" : "B", "value", 5, LONG_MS);
    }
    client_run(c);
    for (size_t i = 0; i < 3; i++) {
        assert_outcome(&keys[i], 0);
        assert_outcome(&puts[i], 0);
    }
    assert_int_equal(requests_to(&c->standin, "GET", "*/public-key"), 1);
    assert_non_null(key_fresh(c->github, SECRETS, &id));
    assert_true(id[0] != '\0');

    outcome_key(&keys[0], c, SECRETS, LONG_MS);
    assert_outcome(&keys[0], 0);
    assert_int_equal(requests_to(&c->standin, "GET", "*/public-key"), 1);
}

static void test_a_key_a_scope(void **state)
{
    struct client *c = *state;
    struct outcome web, api;
    outcome_put_in(&web, c, SECRETS, "X", "for web", 7, LONG_MS);
    outcome_put_in(&api, c, "/repos/acme/api/actions/secrets", "X", "for api", 7, LONG_MS);
    client_run(c);
    assert_outcome(&web, 0);
    assert_outcome(&api, 0);
    assert_plaintext(c, SECRETS "/X", "for web", 7);
    assert_plaintext(c, "/repos/acme/api/actions/secrets/X", "for api", 7);
}

static void test_stale_key(void **state)
{
    static const char *const rotations[] = {
        "{'scope':'" SECRETS "','keep_id':false}", "{'scope':'" SECRETS "','keep_id':true}"};
    struct client *c = *state;
    put_now(c, "X", "first", 0);
    for (size_t i = 0; i < LENGTH(rotations); i++) {
        standin_post(&c->standin, "rotate-key", rotations[i]);
        standin_delete(&c->standin, "journal");
        put_now(c, "X", i ? "third" : "second", 0);
        assert_plaintext(c, SECRETS "/X", i ? "third" : "second", i ? 5 : 6);
        assert_int_equal(requests_to(&c->standin, "GET", "*/public-key"), 1);
        assert_int_equal(requests_to(&c->standin, "PUT", NULL), 2);
    }
}

static void test_stale_key_for_many(void **state)
{
    struct client *c = *state;
    struct outcome puts[8];
    put_now(c, "X", "first", 0);
    standin_post(&c->standin, "rotate-key", "{'scope':'" SECRETS "'}");
    standin_delete(&c->standin, "journal");
    standin_post(&c->standin, "config", "{'latency_ms':50}");
    for (size_t i = 0; i < LENGTH(puts); i++) {
        char name[8];
        snprintf(name, sizeof name, "N%zu", i);
        outcome_put(&puts[i], c, name, "value", 5, LONG_MS);
    }
    client_run(c);
    for (size_t i = 0; i < LENGTH(puts); i++)
        assert_outcome(&puts[i], 0);
    assert_plaintext(c, SECRETS "/N7", "value", 5);
    assert_int_equal(requests_to(&c->standin, "GET", "*/public-key"), 1);
    assert_int_equal(requests_to(&c->standin, "PUT", NULL), 2 * LENGTH(puts));
}

/* A 422 for ever is not asked about for ever. */
static void test_sealed_again_once(void **state)
{
    struct client *c = *state;
    standin_post(&c->standin, "faults",
        "{'method':'PUT','count':-1,'status':422,'body':"
        "{'message':'improperly encrypted secret'}}");
    put_now(c, "X", "value", -EINVAL);
    assert_int_equal(requests_to(&c->standin, "PUT", NULL), 2);
    assert_int_equal(requests_to(&c->standin, "GET", "*/public-key"), 2);
}

static void test_refused(void **state)
{
    static const struct {
        const char *fault;
        int err;
        size_t puts;
    } rows[] = {
        {"{'method':'PUT','status':404}", -EACCES, 1}, /* the scope answered before */
        {"{'method':'PUT','status':403}", -EACCES, 1},
        {"{'method':'PUT','status':409}", -EBUSY, 1},
        {"{'method':'PUT','status':422,'body':{'message':'Validation Failed'}}", -EINVAL, 1},
    };
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        standin_delete(&c->standin, "journal");
        standin_post(&c->standin, "faults", rows[i].fault);
        put_now(c, "X", "value", rows[i].err);
        assert_int_equal(requests_to(&c->standin, "PUT", NULL), rows[i].puts);
    }
    put_now(c, "GITHUB_X", "value", -EINVAL);
    put_now(c, "9X", "value", -EINVAL);
}

static void test_archived(void **state)
{
    struct client *c = *state;
    struct outcome o;
    outcome_put_in(&o, c, "/repos/acme/legacy-portal/actions/secrets", "X", "v", 1, LONG_MS);
    client_run(c);
    assert_outcome(&o, -EROFS);
}

static void test_limit_of_secrets(void **state)
{
    struct client *c = *state;
    struct outcome o;
    standin_post(&c->standin, "seed", "{'repos':['acme/full'],'secrets':100}");
    outcome_put_in(&o, c, "/repos/acme/full/actions/secrets", "X", "v", 1, LONG_MS);
    client_run(c);
    assert_outcome(&o, -EDQUOT);
}

static void test_no_key(void **state)
{
    static const struct {
        const char *fault;
        int err;
    } rows[] = {
        {"{'path':'*/public-key','status':404}", -ENOENT},
        {"{'path':'*/public-key','status':403}", -EACCES},
        {"{'path':'*/public-key','action':'garbage'}", -EPROTO},
        {"{'path':'*/public-key','body':{'key':'" SOME_KEY "'}}", -EPROTO},
        {"{'path':'*/public-key','body':{'key':'" SOME_KEY "','key_id':''}}", -EPROTO},
        {"{'path':'*/public-key','body':{'key':'" SOME_KEY "','key_id':1.5}}", -EPROTO},
        {"{'path':'*/public-key','body':{'key':'" SOME_KEY "','key_id':null}}", -EPROTO},
        {"{'path':'*/public-key','body':{'key':'" SOME_KEY "','key_id':-1}}", -EPROTO},
        {"{'path':'*/public-key','body':{'key':7,'key_id':'1'}}", -EPROTO},
        {"{'path':'*/public-key','body':{'key_id':'1'}}", -EPROTO},
        {"{'path':'*/public-key','body':{'key':'QUJD','key_id':'1'}}", -EPROTO},
    };
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct outcome o;
        client_open(c, c->standin.url, 64);
        standin_post(&c->standin, "faults", rows[i].fault);
        outcome_put(&o, c, "X", "v", 1, LONG_MS);
        client_run(c);
        assert_outcome(&o, rows[i].err);
        assert_null(key_fresh(c->github, SECRETS, NULL));
    }
    assert_int_equal(requests_to(&c->standin, "PUT", NULL), 0);
}

/* A failure is everybody's answer for the next second, and not for longer. */
static void test_failure_is_shared(void **state)
{
    struct client *c = *state;
    struct outcome first, second, later;
    standin_post(&c->standin, "faults", "{'path':'*/public-key','status':403}");
    outcome_key(&first, c, SECRETS, LONG_MS);
    client_run(c);
    assert_outcome(&first, -EACCES);
    outcome_key(&second, c, SECRETS, LONG_MS);
    assert_outcome(&second, -EACCES);
    assert_string_equal(second.why.message, first.why.message);
    put_now(c, "X", "value", -EACCES);
    assert_int_equal(requests_to(&c->standin, NULL, NULL), 1);
    client_run_for(c, 1050);
    outcome_key(&later, c, SECRETS, LONG_MS);
    client_run(c);
    assert_outcome(&later, 0);
}

/* In a body that is sent as it is. */
#define Q "\\u0022"

/* What the server wrote as a number or a string goes back as a string, digit by digit. */
static void test_key_ids(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {Q "0123" Q, "\"key_id\":\"0123\""},
        {Q "3380204578043523366" Q, "\"key_id\":\"3380204578043523366\""},
        {"3380204578043523366", "\"key_id\":\"3380204578043523366\""},
        {"9007199254740993", "\"key_id\":\"9007199254740993\""},
        {"18446744073709551615", "\"key_id\":\"18446744073709551615\""},
        {"18446744073709551623", "\"key_id\":\"18446744073709551623\""},
        {"0", "\"key_id\":\"0\""},
    };
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct journal journal;
        char fault[200];
        client_open(c, c->standin.url, 64);
        standin_delete(&c->standin, "journal");
        snprintf(fault, sizeof fault,
            "{'path':'*/public-key','body':'{" Q "key" Q ":" Q SOME_KEY Q "," Q "key_id" Q
            ":%s}'}",
            rows[i].in);
        standin_post(&c->standin, "faults", "{'method':'PUT','status':204}");
        standin_post(&c->standin, "faults", fault);
        put_now(c, "X", "value", 0);
        journal_read(&c->standin, &journal);
        assert_string_equal(journal.entry[1].method, "PUT");
        if (!strstr(journal.entry[1].body, rows[i].out))
            fail_msg("%s: %s", rows[i].in, journal.entry[1].body);
        journal_release(&journal);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(test_round_trip),
        CLIENT_TEST(test_values),
        CLIENT_TEST(test_name_is_encoded),
        CLIENT_TEST(test_one_key_for_all_who_wait),
        CLIENT_TEST(test_a_key_a_scope),
        CLIENT_TEST(test_stale_key),
        CLIENT_TEST(test_stale_key_for_many),
        CLIENT_TEST(test_sealed_again_once),
        CLIENT_TEST(test_refused),
        CLIENT_TEST(test_archived),
        CLIENT_TEST(test_limit_of_secrets),
        CLIENT_TEST(test_no_key),
        CLIENT_TEST(test_failure_is_shared),
        CLIENT_TEST(test_key_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
