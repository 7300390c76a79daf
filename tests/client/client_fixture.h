/*
 * The API client on a real loop, against a stand-in of the test's own.
 */
#ifndef TESTS_CLIENT_FIXTURE_H
#define TESTS_CLIENT_FIXTURE_H

#include "base/loop.h"
#include "cmocka_all.h"
#include "github/call.h"
#include "github/github.h"
#include "github/key.h"
#include "github/list.h"
#include "github/request.h"
#include "standin_journal.h"
#include "standin_process.h"

#define SECRETS "/repos/acme/web/actions/secrets"
/* For what is not about deadlines. */
#define LONG_MS 8000
/* What the client's token says when reading it again fails. */
#define CLIENT_TOKEN_PROBLEM "token_file /t: no luck"

struct client {
    struct standin standin;
    struct loop *loop;
    struct github *github;
    struct loop_timer guard;
    unsigned pending; /* outcomes that are awaited */

    struct locked token;
    unsigned rereads;
    const char *next_token; /* what reading again gives; NULL: it fails with next_err */
    int next_err;           /* of the reading */
    int start_err;          /* it cannot even be started */
    bool token_cannot_change;
    bool costly;       /* as a command's */
    bool reread_hangs; /* reading never answers */
    bool paced;        /* as on github.com */
    struct loop_timer token_timer;
    void (*token_done)(void *arg, int err);
    void *token_arg;
};

/* How something asynchronous ended. */
struct outcome {
    struct client *client;
    unsigned called;
    uint64_t at_ms;
    struct failure why; /* err 0: success */

    bool have_rows;
    struct rows rows; /* moved out of what done() got */
    struct etags etags;
    int64_t date;
    bool created;
    long status;
    size_t body_len;
    const unsigned char *value; /* of a PUT; borrowed */
    size_t value_len;
    struct wait wait; /* for outcome_key() */
};

/* cmocka's set up and tear down: a stand-in, a loop, a client of 64 requests at once. The
 * state is the struct client. */
int client_set_up(void **state);
int client_tear_down(void **state);

/* Another client in place of the one that is there. */
void client_open(struct client *client, const char *base_url, unsigned max_requests);

uint64_t client_deadline(uint64_t in_ms);

/* Runs the loop until nothing is pending; a loop that does not get there fails the test. */
void client_run(struct client *client);
/* Runs it for so long, whatever comes. */
void client_run_for(struct client *client, uint64_t ms);

void outcome_init(struct outcome *outcome, struct client *client);
void outcome_release(struct outcome *outcome);

/* Each starts something whose end goes to `outcome`, which it initializes. */
struct list *outcome_list(struct outcome *outcome, struct client *client, const char *path,
    enum row_kind kind, const struct etags *known, uint64_t in_ms);
struct call *outcome_get(
    struct outcome *outcome, struct client *client, const char *path, uint64_t in_ms);
struct call *outcome_put_in(struct outcome *outcome, struct client *client, const char *scope,
    const char *name, const void *value, size_t len, uint64_t in_ms);
/* The same in SECRETS. */
struct call *outcome_put(struct outcome *outcome, struct client *client, const char *name,
    const void *value, size_t len, uint64_t in_ms);
struct call *outcome_delete(
    struct outcome *outcome, struct client *client, const char *name, uint64_t in_ms);
struct request *outcome_request(struct outcome *outcome, struct client *client,
    const char *method, const char *path, uint64_t in_ms);
/* key_want(); when it is not pending its result is there at once. */
void outcome_key(
    struct outcome *outcome, struct client *client, const char *scope, uint64_t in_ms);

/* For own calls: the callbacks, whose `arg` is the outcome. */
list_done outcome_of_list;
request_done outcome_of_request;

/* It was called once, with that error (0: success). */
void assert_outcome(const struct outcome *outcome, int err);

/* GET of a page of no interest, run to its end: its error. */
int client_get(struct client *client, const char *path, uint64_t in_ms);

#define CLIENT_TEST(test) cmocka_unit_test_setup_teardown(test, client_set_up, client_tear_down)

#endif
