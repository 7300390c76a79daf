/*
 * Answers that a server should not give: a success is what the endpoint says, and nothing else.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client_fixture.h"

/* As a proxy, a login page, a cache or a half-written server gives them. */
static const char *const faults[] = {
    "'status':200,'body':'<html>Sign in</html>'",
    "'status':200,'body':{}",
    "'status':202,'body':{}",
    "'status':203,'body':{}",
    "'status':206,'body':{}",
    "'status':226,'body':{}",
    "'status':300,'body':{}",
    "'status':303,'headers':{'Location':'/elsewhere'}",
    "'status':304",
    "'status':307",
    "'status':399,'body':{}",
};

static void order(struct client *c, const char *method, const char *fault)
{
    char json[300];
    standin_delete(&c->standin, "faults");
    standin_delete(&c->standin, "journal");
    snprintf(json, sizeof json, "{'method':'%s','count':-1,%s}", method, fault);
    standin_post(&c->standin, "faults", json);
}

static void assert_unexpected(struct outcome *o, const char *fault)
{
    char words[60];
    long status = strtol(strchr(fault, ':') + 1, NULL, 10);
    snprintf(words, sizeof words, "unexpected status %ld from the server", status);
    assert_outcome(o, -EPROTO);
    assert_string_equal(o->why.message, words);
    assert_int_equal(o->why.status, status);
    outcome_release(o);
}

static void test_put(void **state)
{
    struct client *c = *state;
    struct outcome o;
    for (size_t i = 0; i < LENGTH(faults); i++) {
        order(c, "PUT", faults[i]);
        outcome_put(&o, c, "X", "value", 5, LONG_MS);
        client_run(c);
        assert_unexpected(&o, faults[i]);
        assert_int_equal(requests_to(&c->standin, "PUT", NULL), 1);
    }
}

/* Bodies of a success of what has nothing to say, as a proxy gives them. */
static const char *const pages[] = {
    "'body':'<html>Sign in</html>'",
    "'body':[]",
    "'body':'null'",
    "'body':'{'",
    "'body':{},'body_depth':40",
    "'body':{'message':'x'},'body_size':9000000",
    "'body':{'message':'x'},'body_size':9000000,'action':'chunked'",
};

/* Once a page with status 201 counted as stored. */
static void test_pages(void **state)
{
    static const char *const answers[] = {"", ",'body':''", ",'body':{}", ",'body':{'id':1}"};
    struct client *c = *state;
    struct outcome o;
    char fault[200];
    for (size_t i = 0; i < LENGTH(pages); i++) {
        snprintf(fault, sizeof fault, "'status':201,%s", pages[i]);
        order(c, "PUT", fault);
        outcome_put(&o, c, "X", "value", 5, LONG_MS);
        client_run(c);
        assert_outcome(&o, -EPROTO);
        assert_non_null(strstr(o.why.message, "body"));
        assert_int_equal(requests_to(&c->standin, "PUT", NULL), 1);
    }
    for (size_t i = 0; i < LENGTH(answers); i++) {
        snprintf(fault, sizeof fault, "'status':201%s", answers[i]);
        order(c, "PUT", fault);
        outcome_put(&o, c, "X", "value", 5, LONG_MS);
        client_run(c);
        assert_outcome(&o, 0);
        assert_true(o.created);
    }
}

static void test_delete(void **state)
{
    struct client *c = *state;
    struct outcome o;
    for (size_t i = 0; i < LENGTH(faults); i++) {
        order(c, "DELETE", faults[i]);
        outcome_delete(&o, c, "NPM_TOKEN", LONG_MS);
        client_run(c);
        assert_unexpected(&o, faults[i]);
    }
    order(c, "DELETE", "'status':201,'body':{}");
    outcome_delete(&o, c, "NPM_TOKEN", LONG_MS);
    client_run(c);
    assert_outcome(&o, -EPROTO);
}

static void test_get(void **state)
{
    struct client *c = *state;
    struct outcome o;
    for (size_t i = 0; i < LENGTH(faults); i++) {
        if (strstr(faults[i], "'status':200"))
            continue;
        order(c, "GET", faults[i]);
        outcome_get(&o, c, SECRETS "/NPM_TOKEN", LONG_MS);
        client_run(c);
        assert_unexpected(&o, faults[i]);
        outcome_list(&o, c, SECRETS, ROW_SECRET, NULL, LONG_MS);
        client_run(c);
        assert_false(o.have_rows);
        assert_unexpected(&o, faults[i]);
        outcome_key(&o, c, SECRETS, LONG_MS);
        client_run(c);
        assert_outcome(&o, -EPROTO);
        client_open(c, c->standin.url, 64); /* a failed key is remembered for a second */
    }
}

/* One page was asked for with its ETag, the other had none. */
static void test_304_of_a_page_without_etag(void **state)
{
    struct client *c = *state;
    struct outcome first, again;
    standin_post(&c->standin, "seed", "{'repos':['acme/big'],'secrets':200}");
    standin_post(&c->standin, "faults", "{'query':'*&page=2','headers':{'ETag':null}}");
    outcome_list(&first, c, "/repos/acme/big/actions/secrets", ROW_SECRET, NULL, LONG_MS);
    client_run(c);
    assert_outcome(&first, 0);
    assert_non_null(first.etags.etag[0]);
    assert_null(first.etags.etag[1]);
    standin_post(&c->standin, "faults", "{'query':'*&page=2','status':304}");
    outcome_list(
        &again, c, "/repos/acme/big/actions/secrets", ROW_SECRET, &first.etags, LONG_MS);
    client_run(c);
    assert_unexpected(&again, ":304");
    outcome_release(&first);
}

/* What another token was told is no news for this one. */
static void test_etag_of_another_token(void **state)
{
    struct client *c = *state;
    struct outcome first, again;
    outcome_list(&first, c, SECRETS, ROW_SECRET, NULL, LONG_MS);
    client_run(c);
    assert_outcome(&first, 0);
    standin_post(&c->standin, "config", "{'tokens':['newer']}");
    standin_delete(&c->standin, "journal");
    c->next_token = "newer";
    outcome_list(&again, c, SECRETS, ROW_SECRET, &first.etags, LONG_MS);
    client_run(c);
    assert_outcome(&again, 0);
    assert_true(again.have_rows);
    assert_int_equal(again.rows.count, first.rows.count);

    struct journal journal;
    journal_read(&c->standin, &journal);
    for (size_t i = 0; i < journal.count; i++)
        if (strstr(entry_header(&journal.entry[i], "authorization"), "newer"))
            assert_null(entry_header(&journal.entry[i], "if-none-match"));
    journal_release(&journal);
    outcome_release(&again);

    /* Nor when the list begins with the new token. */
    standin_delete(&c->standin, "journal");
    outcome_list(&again, c, SECRETS, ROW_SECRET, &first.etags, LONG_MS);
    client_run(c);
    assert_outcome(&again, 0);
    assert_true(again.have_rows);
    journal_read(&c->standin, &journal);
    assert_int_equal(journal.count, 1);
    assert_null(entry_header(&journal.entry[0], "if-none-match"));
    journal_release(&journal);
    outcome_release(&again);
    outcome_release(&first);
}

static void test_shapes(void **state)
{
    static const struct {
        const char *path, *body;
        enum row_kind kind;
    } rows[] = {
        {SECRETS, "[]", ROW_SECRET},
        {SECRETS, "[{'name':'A'}]", ROW_SECRET},
        {SECRETS, "{'total_count':0,'repositories':[]}", ROW_SECRET},
        {"/repos/acme/web/environments", "[]", ROW_ENVIRONMENT},
        {"/orgs/acme/actions/secrets/PAGERDUTY_KEY/repositories", "[]", ROW_SELECTED},
        {"/user/orgs", "{'total_count':0,'organizations':[]}", ROW_ORGANIZATION},
        {"/user/orgs", "{}", ROW_ORGANIZATION},
        {"/orgs/acme/repos", "{'total_count':0,'repositories':[]}", ROW_REPOSITORY},
    };
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct outcome o;
        char json[200];
        snprintf(json, sizeof json, "{'path':'%s','body':%s}", rows[i].path, rows[i].body);
        standin_post(&c->standin, "faults", json);
        outcome_list(&o, c, rows[i].path, rows[i].kind, NULL, LONG_MS);
        client_run(c);
        assert_outcome(&o, -EPROTO);
        assert_false(o.have_rows);
        outcome_release(&o);
    }
}

static void test_more_rows_than_asked_for(void **state)
{
    struct client *c = *state;
    struct outcome o;
    char json[8000];
    size_t len = (size_t)snprintf(json, sizeof json, "{'body':[");
    for (int i = 0; i < 101; i++)
        len += (size_t)snprintf(
            json + len, sizeof json - len, "%s{'login':'org-%d','id':%d}", i ? "," : "", i, i);
    snprintf(json + len, sizeof json - len, "]}");
    standin_post(&c->standin, "faults", json);
    outcome_list(&o, c, "/user/orgs", ROW_ORGANIZATION, NULL, LONG_MS);
    client_run(c);
    assert_outcome(&o, -EPROTO);
    outcome_release(&o);
}

/* The row is there to be counted, and to be left out by whoever shows names. */
static void test_name_with_nul(void **state)
{
    struct client *c = *state;
    struct outcome o;
    standin_post(&c->standin, "faults",
        "{'body':{'total_count':2,'secrets':[{'name':'A\\u0000B'},{'name':'C'}]}}");
    outcome_list(&o, c, SECRETS, ROW_SECRET, NULL, LONG_MS);
    client_run(c);
    assert_outcome(&o, 0);
    assert_int_equal(o.rows.count, 2);
    assert_true(o.rows.row[0].has_nul);
    assert_false(o.rows.row[1].has_nul);
    outcome_release(&o);
}

/* The status of an error is the answer, however long its words are. */
static void test_long_errors(void **state)
{
    static const struct {
        const char *fault;
        int err;
    } rows[] = {
        {"{'status':403,'body':{'message':'no'},'body_size':60000}", -EACCES},
        {"{'status':403,'body':{'message':'no'},'body_size':9000000}", -EACCES},
        {"{'status':404,'body':{'message':'no'},'body_size':9000000,'action':'chunked'}",
            -ENOENT},
    };
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct outcome o;
        standin_delete(&c->standin, "journal");
        standin_post(&c->standin, "faults", rows[i].fault);
        outcome_get(&o, c, SECRETS "/NPM_TOKEN", LONG_MS);
        client_run(c);
        assert_outcome(&o, rows[i].err);
        assert_int_equal(requests_to(&c->standin, NULL, NULL), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(test_put),
        CLIENT_TEST(test_pages),
        CLIENT_TEST(test_delete),
        CLIENT_TEST(test_get),
        CLIENT_TEST(test_304_of_a_page_without_etag),
        CLIENT_TEST(test_etag_of_another_token),
        CLIENT_TEST(test_shapes),
        CLIENT_TEST(test_more_rows_than_asked_for),
        CLIENT_TEST(test_name_with_nul),
        CLIENT_TEST(test_long_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
