/*
 * list.h: all pages or none, at once, and only what changed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client_fixture.h"

#define BIG "/repos/acme/big/actions/secrets"

static void seed(struct client *c, int count)
{
    char json[100];
    snprintf(json, sizeof json, "{'repos':['acme/big'],'secrets':%d}", count);
    standin_post(&c->standin, "seed", json);
}

static void fetch(struct outcome *o, struct client *c, const struct etags *known)
{
    outcome_list(o, c, BIG, ROW_SECRET, known, LONG_MS);
    client_run(c);
}

static void assert_numbered(const struct outcome *o, size_t count)
{
    assert_outcome(o, 0);
    assert_true(o->have_rows);
    assert_int_equal(o->rows.count, count);
    assert_int_equal(o->rows.total, count);
    for (size_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "SECRET_%04zu", i + 1);
        assert_string_equal(o->rows.row[i].name, name);
        assert_true(o->rows.row[i].created_at > 0);
        assert_true(o->rows.row[i].updated_at >= o->rows.row[i].created_at);
    }
}

static const struct journal_entry *page_entry(const struct journal *journal, const char *query)
{
    for (size_t i = 0; i < journal->count; i++)
        if (strstr(journal->entry[i].path, query))
            return &journal->entry[i];
    fail_msg("no request of %s", query);
    return NULL;
}

static void test_sizes(void **state)
{
    static const struct {
        int secrets;
        size_t requests;
    } rows[] = {{1, 1}, {99, 1}, {100, 1}, {101, 2}, {200, 2}, {201, 3}, {300, 3}};
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct outcome o;
        seed(c, rows[i].secrets);
        standin_delete(&c->standin, "journal");
        fetch(&o, c, NULL);
        assert_numbered(&o, (size_t)rows[i].secrets);
        assert_int_equal(o.etags.count, rows[i].requests);
        assert_int_equal(requests_to(&c->standin, NULL, NULL), rows[i].requests);
        outcome_release(&o);
    }
}

static void test_empty(void **state)
{
    struct client *c = *state;
    struct outcome o;
    outcome_list(&o, c, "/repos/acme/design.system/actions/secrets", ROW_SECRET, NULL, LONG_MS);
    client_run(c);
    assert_numbered(&o, 0);
    outcome_release(&o);
}

static void test_pages_go_together(void **state)
{
    struct client *c = *state;
    struct journal journal;
    struct outcome o;
    seed(c, 300);
    standin_post(&c->standin, "config", "{'latency_ms':100}");
    fetch(&o, c, NULL);
    assert_numbered(&o, 300);
    journal_read(&c->standin, &journal);
    assert_int_equal(journal.count, 3);
    const struct journal_entry *two = page_entry(&journal, "&page=2");
    const struct journal_entry *three = page_entry(&journal, "&page=3");
    assert_string_equal(journal.entry[0].path, BIG "?per_page=100");
    assert_true(two->start_ms >= journal.entry[0].end_ms);
    assert_true(two->start_ms < three->end_ms && three->start_ms < two->end_ms);
    journal_release(&journal);
    outcome_release(&o);
}

static void test_headers_that_are_sent(void **state)
{
    static const struct {
        const char *name, *value;
    } rows[] = {
        {"authorization", "Bearer standin-token"},
        {"accept", "application/vnd.github+json"},
        {"user-agent", "client-test/1"},
        {"x-github-api-version", "2026-03-10"},
    };
    struct client *c = *state;
    struct journal journal;
    assert_int_equal(client_get(c, "/user", LONG_MS), 0);
    journal_read(&c->standin, &journal);
    for (size_t i = 0; i < LENGTH(rows); i++)
        assert_string_equal(entry_header(&journal.entry[0], rows[i].name), rows[i].value);
    assert_null(entry_header(&journal.entry[0], "if-none-match"));
    assert_null(entry_header(&journal.entry[0], "content-type"));
    journal_release(&journal);
}

static void test_unchanged(void **state)
{
    struct client *c = *state;
    struct journal journal;
    struct outcome first, again;
    seed(c, 300);
    fetch(&first, c, NULL);
    standin_delete(&c->standin, "journal");
    standin_post(&c->standin, "config", "{'latency_ms':100}");
    fetch(&again, c, &first.etags);
    assert_outcome(&again, 0);
    assert_false(again.have_rows);
    journal_read(&c->standin, &journal);
    assert_int_equal(journal.count, 3);
    for (size_t i = 0; i < journal.count; i++) {
        assert_int_equal(journal.entry[i].status, 304);
        assert_true(journal.entry[i].start_ms < journal.entry[0].end_ms);
    }
    assert_int_equal(github_status(c->github).not_modified, 3);
    journal_release(&journal);
    outcome_release(&first);
    outcome_release(&again);
}

static void test_one_page_changed(void **state)
{
    struct client *c = *state;
    struct outcome first, write, again, last;
    seed(c, 300);
    fetch(&first, c, NULL);
    standin_post(&c->standin, "config", "{'clock_offset':1000}");
    outcome_put_in(&write, c, BIG, "SECRET_0150", "x", 1, LONG_MS);
    client_run(c);
    assert_outcome(&write, 0);

    standin_delete(&c->standin, "journal");
    fetch(&again, c, &first.etags);
    assert_numbered(&again, 300);
    assert_int_equal(again.etags.count, 3);
    assert_int_equal(again.rows.row[149].updated_at, write.date);
    assert_int_equal(again.rows.row[148].updated_at, first.rows.row[148].updated_at);
    assert_string_not_equal(again.etags.etag[1], first.etags.etag[1]);
    /* Three that ask, then the two whose rows are needed as well. */
    assert_int_equal(requests_to(&c->standin, NULL, NULL), 5);

    fetch(&last, c, &again.etags);
    assert_outcome(&last, 0);
    assert_false(last.have_rows);
    outcome_release(&first);
    outcome_release(&again);
    outcome_release(&last);
}

static void delete_in_big(struct client *c, const char *name)
{
    struct outcome o;
    char path[200];
    snprintf(path, sizeof path, BIG "/%s", name);
    outcome_request(&o, c, "DELETE", path, LONG_MS);
    client_run(c);
    assert_outcome(&o, 0);
}

static void test_grown_and_shrunk(void **state)
{
    struct client *c = *state;
    struct outcome first, grown, shrunk;
    seed(c, 200);
    fetch(&first, c, NULL);
    assert_int_equal(first.etags.count, 2);
    seed(c, 301);
    fetch(&grown, c, &first.etags);
    assert_numbered(&grown, 301);
    assert_int_equal(grown.etags.count, 4);
    delete_in_big(c, "SECRET_0301");
    fetch(&shrunk, c, &grown.etags);
    assert_numbered(&shrunk, 300);
    assert_int_equal(shrunk.etags.count, 3);
    outcome_release(&first);
    outcome_release(&grown);
    outcome_release(&shrunk);
}

static void test_failure_is_never_a_part(void **state)
{
    /* For all that come: of the row before, whose list has failed, a request may come late. */
    static const struct {
        const char *fault;
        int err;
    } rows[] = {
        /* Page 1 is not asked for by number. */
        {"{'count':-1,'query':'*&page=1*','status':404}", 0},
        {"{'count':-1,'query':'*&page=2','status':404}", -ENOENT},
        {"{'count':-1,'query':'*&page=3','status':403}", -EACCES},
        {"{'count':-1,'query':'*&page=3','action':'garbage'}", -EPROTO},
        {"{'count':-1,'query':'*&page=2','body':{'secrets':[]}}", -EPROTO},
        {"{'count':-1,'query':'*&page=2','body':{'total_count':300,'secrets':[{}]}}", -EPROTO},
        {"{'count':-1,'query':'per_page=100','status':404}", -ENOENT},
        {"{'count':-1,'query':'per_page=100','body':{'total_count':99999999,'secrets':[]}}",
            -EPROTO},
    };
    struct client *c = *state;
    seed(c, 300);
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct outcome o;
        standin_delete(&c->standin, "faults");
        standin_post(&c->standin, "faults", rows[i].fault);
        fetch(&o, c, NULL);
        assert_outcome(&o, rows[i].err);
        assert_int_equal(o.have_rows, rows[i].err == 0);
        outcome_release(&o);
    }
}

/* The list changed between two pages: all again, and for good after the third time. */
static void test_pages_that_do_not_add_up(void **state)
{
    static const struct {
        const char *fault;
        int err;
        size_t requests;
    } rows[] = {
        {"{'query':'*&page=2','body':{'total_count':300,'secrets':[]}}", 0, 6},
        {"{'query':'*&page=2','body':{'total_count':301,'secrets':[]}}", 0, 6},
        {"{'query':'*&page=2','count':-1,'body':{'total_count':300,'secrets':[]}}", -EPROTO, 9},
    };
    struct client *c = *state;
    seed(c, 300);
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct outcome o;
        standin_delete(&c->standin, "faults");
        standin_delete(&c->standin, "journal");
        standin_post(&c->standin, "faults", rows[i].fault);
        fetch(&o, c, NULL);
        if (!rows[i].err)
            assert_numbered(&o, 300);
        assert_outcome(&o, rows[i].err);
        assert_int_equal(requests_to(&c->standin, NULL, NULL), rows[i].requests);
        outcome_release(&o);
    }
}

/* One was added before the second page was read: the number is right, one entry is there twice,
 * and another is missing. */
static void order_shifted_page(struct client *c, int count)
{
    char fault[8000];
    size_t len = (size_t)snprintf(fault, sizeof fault,
        "{'query':'*&page=2','count':%d,'body':{'total_count':300,'secrets':[", count);
    for (int i = 100; i < 200; i++)
        len += (size_t)snprintf(
            fault + len, sizeof fault - len, "%s{'name':'SECRET_%04d'}", i > 100 ? "," : "", i);
    snprintf(fault + len, sizeof fault - len, "]}}");
    standin_delete(&c->standin, "faults");
    standin_delete(&c->standin, "journal");
    standin_post(&c->standin, "faults", fault);
}

static void test_shifted_page(void **state)
{
    struct client *c = *state;
    struct outcome o;
    seed(c, 300);
    order_shifted_page(c, 1);
    fetch(&o, c, NULL);
    assert_numbered(&o, 300);
    assert_int_equal(requests_to(&c->standin, NULL, NULL), 6);
    outcome_release(&o);
    order_shifted_page(c, -1);
    fetch(&o, c, NULL);
    assert_outcome(&o, -EPROTO);
    assert_false(o.have_rows);
    assert_int_equal(requests_to(&c->standin, NULL, NULL), 9);
    outcome_release(&o);
}

/* Arrays have no total: Link tells. */
static void test_arrays(void **state)
{
    struct client *c = *state;
    struct outcome first, again;
    standin_post(&c->standin, "seed", "{'org':'initech','repos_count':250}");
    outcome_list(&first, c, "/orgs/initech/repos", ROW_REPOSITORY, NULL, LONG_MS);
    client_run(c);
    assert_outcome(&first, 0);
    assert_int_equal(first.rows.count, 250);
    assert_int_equal(first.rows.total, -1);
    assert_int_equal(first.etags.count, 3);
    assert_int_equal(requests_to(&c->standin, NULL, NULL), 3);

    standin_post(&c->standin, "seed", "{'org':'initech','repos_count':301}");
    outcome_list(&again, c, "/orgs/initech/repos", ROW_REPOSITORY, &first.etags, LONG_MS);
    client_run(c);
    assert_outcome(&again, 0);
    assert_int_equal(again.rows.count, 301);
    assert_int_equal(again.etags.count, 4);
    outcome_release(&first);
    outcome_release(&again);
}

/* A server that links only to the next page. */
static void test_next_links_only(void **state)
{
    struct client *c = *state;
    struct outcome o;
    char fault[400];
    standin_post(&c->standin, "seed", "{'org':'initech','repos_count':250}");
    for (int page = 1; page <= 2; page++) {
        snprintf(fault, sizeof fault,
            "{'path':'/orgs/initech/repos','query':'per_page=100%s','headers':"
            "{'Link':'<%s/orgs/initech/repos?page=%d>; rel=\\\"next\\\"'}}",
            page == 1 ? "" : "&page=2", c->standin.url, page + 1);
        standin_post(&c->standin, "faults", fault);
    }
    outcome_list(&o, c, "/orgs/initech/repos", ROW_REPOSITORY, NULL, LONG_MS);
    client_run(c);
    assert_outcome(&o, 0);
    assert_int_equal(o.rows.count, 250);
    outcome_release(&o);
}

#define SELECTED "/orgs/acme/actions/secrets/T/repositories"

static void seed_selected(struct client *c, int count)
{
    char json[200];
    snprintf(json, sizeof json,
        "{'org':'acme','org_secret':'T','visibility':'selected','selected_repos':%d}", count);
    standin_post(&c->standin, "seed", json);
    standin_delete(&c->standin, "journal");
}

static void fetch_selected(struct outcome *o, struct client *c)
{
    outcome_list(o, c, SELECTED, ROW_SELECTED, NULL, LONG_MS);
    client_run(c);
}

static void assert_selected(const struct outcome *o, size_t count)
{
    assert_outcome(o, 0);
    assert_true(o->have_rows);
    assert_int_equal(o->rows.count, count);
    for (size_t i = 0; i < count; i++) {
        char name[64];
        snprintf(name, sizeof name, "acme/selected-%04zu", i + 1);
        assert_string_equal(o->rows.row[i].name, name);
    }
}

/* Of a list that is sent back all pages are asked for once more, together, when all have come. */
static void test_what_is_sent_back_is_read_again(void **state)
{
    static const struct {
        int repositories;
        size_t requests;
    } rows[] = {{1, 1}, {100, 1}, {101, 4}, {250, 6}};
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct journal journal;
        struct outcome o;
        size_t again = rows[i].requests / 2;
        seed_selected(c, rows[i].repositories);
        fetch_selected(&o, c);
        assert_selected(&o, (size_t)rows[i].repositories);
        journal_read(&c->standin, &journal);
        assert_int_equal(journal.count, rows[i].requests);
        for (size_t k = 0; again && k < journal.count; k++) {
            const struct journal_entry *entry = &journal.entry[k];
            assert_int_equal(entry->status, k < again ? 200 : 304);
            assert_true(k < again || entry->start_ms >= journal.entry[again - 1].end_ms);
        }
        journal_release(&journal);
        outcome_release(&o);
    }
}

static void test_what_is_sent_back_without_etags(void **state)
{
    struct client *c = *state;
    struct outcome o;
    seed_selected(c, 250);
    standin_post(&c->standin, "faults", "{'count':-1,'headers':{'ETag':null}}");
    fetch_selected(&o, c);
    assert_selected(&o, 250);
    assert_int_equal(requests_to(&c->standin, NULL, NULL), 6);
    outcome_release(&o);
}

/* Page 2 has others the next time that it is asked for; the total is right. */
static void order_other_page(struct client *c, int first_id)
{
    char fault[8000];
    size_t len = (size_t)snprintf(fault, sizeof fault,
        "{'query':'*&page=2','body':{'total_count':250,'repositories':[");
    for (int i = 0; i < 100; i++)
        len += (size_t)snprintf(fault + len, sizeof fault - len,
            "%s{'id':%d,'full_name':'acme/other-%d'}", i > 0 ? "," : "", first_id + i, i);
    snprintf(fault + len, sizeof fault - len, "]}}");
    standin_post(&c->standin, "faults", fault);
}

static void test_what_is_sent_back_and_shifts(void **state)
{
    static const struct {
        int shifts, err;
        size_t requests;
    } rows[] = {{1, 0, 9}, {2, 0, 12}, {20, -EAGAIN, 33}};
    struct client *c = *state;
    seed_selected(c, 250);
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct outcome o;
        standin_delete(&c->standin, "faults");
        standin_delete(&c->standin, "journal");
        for (int k = 0; k < rows[i].shifts; k++)
            order_other_page(c, 1000000 * (k + 1));
        fetch_selected(&o, c);
        if (rows[i].err)
            assert_outcome(&o, rows[i].err);
        else
            assert_selected(&o, 250);
        assert_int_equal(requests_to(&c->standin, NULL, NULL), rows[i].requests);
        outcome_release(&o);
    }
}

/* What is read again has a page more, or one less. */
static void test_what_is_sent_back_and_changes_its_length(void **state)
{
    static const int rows[][2] = {{250, 301}, {301, 300}, {250, 100}, {250, 0}};
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct outcome o;
        seed_selected(c, rows[i][0]);
        outcome_list(&o, c, SELECTED, ROW_SELECTED, NULL, LONG_MS);
        while (requests_to(&c->standin, NULL, "*&page=2") == 0)
            client_run_for(c, 5);
        seed_selected(c, rows[i][1]);
        client_run(c);
        assert_selected(&o, (size_t)rows[i][1]);
        outcome_release(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(test_sizes),
        CLIENT_TEST(test_empty),
        CLIENT_TEST(test_pages_go_together),
        CLIENT_TEST(test_headers_that_are_sent),
        CLIENT_TEST(test_unchanged),
        CLIENT_TEST(test_one_page_changed),
        CLIENT_TEST(test_grown_and_shrunk),
        CLIENT_TEST(test_failure_is_never_a_part),
        CLIENT_TEST(test_pages_that_do_not_add_up),
        CLIENT_TEST(test_shifted_page),
        CLIENT_TEST(test_arrays),
        CLIENT_TEST(test_next_links_only),
        CLIENT_TEST(test_what_is_sent_back_is_read_again),
        CLIENT_TEST(test_what_is_sent_back_without_etags),
        CLIENT_TEST(test_what_is_sent_back_and_shifts),
        CLIENT_TEST(test_what_is_sent_back_and_changes_its_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
