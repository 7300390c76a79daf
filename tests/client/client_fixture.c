#include "client_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/container.h"

/* Far more than any test takes. */
#define GUARD_MS 20000
/* Reading a token again takes a while, in which others are refused. */
#define REREAD_MS 50

static const struct locked *get_token(void *context)
{
    struct client *client = context;
    return &client->token;
}

static void set_token(struct client *client, const char *token)
{
    locked_clear(&client->token);
    assert_int_equal(locked_add(&client->token, token, strlen(token)), 0);
}

static void token_read_again(struct loop_timer *timer)
{
    struct client *client = CONTAINER_OF(timer, struct client, token_timer);
    if (client->next_token)
        set_token(client, client->next_token);
    client->token_done(client->token_arg, client->next_token ? 0 : client->next_err);
}

static int reread_token(
    void *context, uint64_t deadline_ms, void (*done)(void *arg, int err), void *arg)
{
    struct client *client = context;
    assert_uint_in_range(deadline_ms, loop_now_ms() - GUARD_MS, loop_now_ms() + GUARD_MS);
    client->rereads++;
    if (client->start_err)
        return client->start_err;
    client->token_done = done;
    client->token_arg = arg;
    if (!client->reread_hangs)
        loop_set_timer(client->loop, &client->token_timer, loop_now_ms() + REREAD_MS);
    return 0;
}

static const char *token_problem(void *context)
{
    (void)context;
    return CLIENT_TOKEN_PROBLEM;
}

static void guard_fired(struct loop_timer *timer)
{
    struct client *client = CONTAINER_OF(timer, struct client, guard);
    loop_stop(client->loop);
}

void client_open(struct client *client, const char *base_url, unsigned max_requests)
{
    const struct github_options options = {
        .base_url = base_url,
        .api_version = "2026-03-10",
        .user_agent = "client-test/1",
        .max_requests = max_requests,
        .paced = client->paced,
        .credentials =
            {
                .context = client,
                .token = get_token,
                .reread = client->token_cannot_change ? NULL : reread_token,
                .problem = token_problem,
                .costly = client->costly,
            },
    };
    github_free(client->github);
    client->github = NULL;
    assert_int_equal(github_new(client->loop, &options, &client->github), 0);
}

int client_set_up(void **state)
{
    static const char *const proxies[] = {
        "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    struct client *client = calloc(1, sizeof *client);
    assert_non_null(client);
    for (size_t i = 0; i < LENGTH(proxies); i++)
        unsetenv(proxies[i]);
    client->guard.fire = guard_fired;
    client->token_timer.fire = token_read_again;
    client->next_err = -EACCES;
    assert_uint_in_range(locked_setup(), LOCKED_TOTAL_MIN, LOCKED_TOTAL_MAX);
    assert_int_equal(seal_setup(), 0);
    assert_int_equal(locked_init(&client->token, 256), 0);
    set_token(client, "standin-token");
    assert_int_equal(loop_new(&client->loop), 0);
    standin_start(&client->standin);
    client_open(client, client->standin.url, 64);
    *state = client;
    return 0;
}

int client_tear_down(void **state)
{
    struct client *client = *state;
    github_free(client->github);
    loop_clear_timer(client->loop, &client->guard);
    loop_clear_timer(client->loop, &client->token_timer);
    loop_free(client->loop);
    locked_release(&client->token);
    standin_stop(&client->standin);
    free(client);
    return 0;
}

uint64_t client_deadline(uint64_t in_ms)
{
    return loop_now_ms() + in_ms;
}

void client_run(struct client *client)
{
    if (client->pending == 0)
        return;
    loop_set_timer(client->loop, &client->guard, loop_now_ms() + GUARD_MS);
    assert_int_equal(loop_run(client->loop), 0);
    loop_clear_timer(client->loop, &client->guard);
    if (client->pending > 0)
        fail_msg("%u did not end", client->pending);
}

void client_run_for(struct client *client, uint64_t ms)
{
    uint64_t end = loop_now_ms() + ms;
    while (loop_now_ms() < end) {
        loop_set_timer(client->loop, &client->guard, end);
        assert_int_equal(loop_run(client->loop), 0);
    }
    loop_clear_timer(client->loop, &client->guard);
}

void outcome_init(struct outcome *outcome, struct client *client)
{
    *outcome = (struct outcome){.client = client, .date = -1};
    client->pending++;
}

void outcome_release(struct outcome *outcome)
{
    rows_release(&outcome->rows);
    etags_release(&outcome->etags);
}

static void ended(struct outcome *outcome, const struct failure *why)
{
    outcome->called++;
    outcome->at_ms = loop_now_ms();
    if (why) {
        assert_int_not_equal(why->err, 0);
        assert_true(why->message[0] != '\0');
        outcome->why = *why;
    }
    if (--outcome->client->pending == 0)
        loop_stop(outcome->client->loop);
}

static void copy_rows(struct rows *to, const struct rows *from)
{
    assert_int_equal(rows_join(&from, 1, to), 0);
}

void outcome_of_list(
    void *arg, const struct failure *why, const struct rows *rows, struct etags *etags)
{
    struct outcome *outcome = arg;
    if (why)
        assert_null(rows);
    outcome->have_rows = rows;
    if (rows) {
        copy_rows(&outcome->rows, rows);
        outcome->etags = *etags;
        *etags = (struct etags){0};
    }
    ended(outcome, why);
}

static void got(void *arg, const struct failure *why, const struct row *row)
{
    struct outcome *outcome = arg;
    if (!why) {
        const struct rows rows = {.row = (struct row *)row, .count = 1};
        assert_non_null(row);
        outcome->have_rows = true;
        copy_rows(&outcome->rows, &rows);
    }
    ended(outcome, why);
}

static void put(void *arg, const struct failure *why, int64_t date, bool created)
{
    struct outcome *outcome = arg;
    outcome->date = date;
    outcome->created = created;
    ended(outcome, why);
}

static void deleted(void *arg, const struct failure *why)
{
    ended(arg, why);
}

void outcome_of_request(
    void *arg, const struct failure *why, const struct http_response *response)
{
    struct outcome *outcome = arg;
    if (!why) {
        outcome->status = response->status;
        outcome->body_len = response->body.len;
    }
    ended(outcome, why);
}

static void waited(struct wait *wait)
{
    struct outcome *outcome = CONTAINER_OF(wait, struct outcome, wait);
    ended(outcome, wait->failure.err ? &wait->failure : NULL);
}

struct list *outcome_list(struct outcome *outcome, struct client *client, const char *path,
    enum row_kind kind, const struct etags *known, uint64_t in_ms)
{
    struct list *list = NULL;
    outcome_init(outcome, client);
    assert_int_equal(list_start(client->github, path, kind, known, client_deadline(in_ms),
                         outcome_of_list, outcome, &list),
        0);
    return list;
}

struct call *outcome_get(
    struct outcome *outcome, struct client *client, const char *path, uint64_t in_ms)
{
    struct call *call = NULL;
    outcome_init(outcome, client);
    assert_int_equal(
        call_get(client->github, path, ROW_SECRET, client_deadline(in_ms), got, outcome, &call),
        0);
    return call;
}

struct call *outcome_put(struct outcome *outcome, struct client *client, const char *name,
    const void *value, size_t len, uint64_t in_ms)
{
    return outcome_put_in(outcome, client, SECRETS, name, value, len, in_ms);
}

static int value_of_outcome(void *arg, const unsigned char **ret, size_t *ret_len)
{
    const struct outcome *outcome = arg;
    *ret = outcome->value;
    *ret_len = outcome->value_len;
    return 0;
}

struct call *outcome_put_in(struct outcome *outcome, struct client *client, const char *scope,
    const char *name, const void *value, size_t len, uint64_t in_ms)
{
    struct call *call = NULL;
    outcome_init(outcome, client);
    outcome->value = value;
    outcome->value_len = len;
    int err = call_put_secret(client->github, scope, name, value_of_outcome, NULL,
        client_deadline(in_ms), put, outcome, &call, &outcome->why);
    if (err) {
        assert_int_equal(outcome->why.err, err);
        outcome->called++;
        client->pending--;
    }
    return call;
}

struct call *outcome_delete(
    struct outcome *outcome, struct client *client, const char *name, uint64_t in_ms)
{
    struct call *call = NULL;
    outcome_init(outcome, client);
    assert_int_equal(call_delete_secret(client->github, SECRETS, name, false,
                         client_deadline(in_ms), deleted, outcome, &call),
        0);
    return call;
}

struct request *outcome_request(struct outcome *outcome, struct client *client,
    const char *method, const char *path, uint64_t in_ms)
{
    struct request *request = NULL;
    const struct request_options options = {
        .endpoint = strcmp(method, "DELETE") == 0 ? ENDPOINT_DELETE_SECRET : ENDPOINT_ONE,
        .path = path,
        .deadline_ms = client_deadline(in_ms)};
    outcome_init(outcome, client);
    assert_int_equal(
        request_start(client->github, &options, outcome_of_request, outcome, &request), 0);
    return request;
}

void outcome_key(
    struct outcome *outcome, struct client *client, const char *scope, uint64_t in_ms)
{
    outcome_init(outcome, client);
    outcome->wait.done = waited;
    outcome->wait.deadline_ms = client_deadline(in_ms);
    int err = key_want(client->github, scope, &outcome->wait);
    if (err == -EINPROGRESS)
        return;
    if (err)
        outcome->why = outcome->wait.failure;
    assert_int_equal(outcome->why.err, err);
    outcome->called++;
    client->pending--;
}

void assert_outcome(const struct outcome *outcome, int err)
{
    assert_int_equal(outcome->called, 1);
    if (outcome->why.err != err)
        fail_msg("the outcome is %d (%s), not %d", outcome->why.err, outcome->why.message, err);
}

int client_get(struct client *client, const char *path, uint64_t in_ms)
{
    struct outcome outcome;
    outcome_request(&outcome, client, "GET", path, in_ms);
    client_run(client);
    assert_int_equal(outcome.called, 1);
    return outcome.why.err;
}
