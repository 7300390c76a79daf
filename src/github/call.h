/*
 * One question to the API that has one answer: get a thing, put or delete a secret.
 *
 * A scope is the encoded path of a secrets collection, such as
 * "/repos/acme/web/actions/secrets". The endpoints of all levels, and of other stores beside
 * Actions, differ only in the scope.
 */
#ifndef GHSECRETFS_CALL_H
#define GHSECRETFS_CALL_H

#include "base/buffer.h"
#include "github/endpoint.h"
#include "github/github.h"
#include "github/rows.h"

/* The longest value that is sent, in bytes (contract §3.7). */
#define SECRET_VALUE_MAX (48u * 1024)

struct call;

/* Who may use an organization's secret: what the PUT of the secret says. */
struct secret_policy {
    enum visibility visibility;
    const int64_t *ids; /* of the selected repositories; only with VISIBILITY_SELECTED */
    size_t id_count;
    uint64_t good_until_ms; /* request_options.good_until_ms of the PUT */
    bool is_paid;           /* request_options.is_paid of the PUT */
};

/* Drops a call: its `done` is not called. The server may still process a request that was sent.
 * NULL is allowed. */
void call_cancel(struct call *call);

/* A function of one of these types is called once, from the loop, unless the call is cancelled.
 * `why` is NULL on success. `why` and `row` are borrowed until the function returns. */
typedef void get_done(void *arg, const struct failure *why, const struct row *row);
/* `date` is the answer's Date in Unix seconds, -1 without one. `created`: the secret is new. */
typedef void put_done(void *arg, const struct failure *why, int64_t date, bool created);
typedef void delete_done(void *arg, const struct failure *why);

/*
 * Each function below that takes a `done` starts a call and returns 0, or a -errno when the
 * call could not start; after a -errno `done` is not called. `path`, `scope`, `name` and `body`
 * are copied. `deadline_ms` is on the clock of github_now_ms(). `*ret` is valid until `done` is
 * called or the call is cancelled.
 */

/* GET of any one thing. */
int call_get(struct github *gh, const char *path, enum row_kind kind, uint64_t deadline_ms,
    get_done *done, void *arg, struct call **ret) WARN_UNUSED;

/* GET of the token's own account, for the first request of a mount: a person waits for the
 * message, so the request is not tried again where no connection could be made. */
int call_get_user(struct github *gh, uint64_t deadline_ms, get_done *done, void *arg,
    struct call **ret) WARN_UNUSED;

/* Gives the value of a PUT each time the value is to be sealed. `*ret` is borrowed until the
 * loop turns. 0, or a -errno, which ends the call. */
typedef int put_value(void *arg, const unsigned char **ret, size_t *ret_len);

/*
 * Seals the value with the scope's public key and PUTs the secret. When the server finds the
 * key stale, the value is sealed with a new key and PUT once more. `policy` is copied; NULL for
 * every secret that is not an organization's.
 *
 * After a failure the server's secret is as before, with two exceptions. When no answer came,
 * only the server knows. -ERESTART: the policy had become too old when a try was to be sent;
 * an earlier try may have been processed, and the caller reads the policy again.
 *
 * When the call cannot start, `why` says more than the -errno.
 */
typedef int put_call(struct github *gh, const char *scope, const char *name, put_value *value,
    const struct secret_policy *policy, uint64_t deadline_ms, put_done *done, void *arg,
    struct call **ret, struct failure *why) WARN_UNUSED;
put_call call_put_secret;

/*
 * A 404 is -ENOENT, with two exceptions: an earlier try of this call may have deleted the
 * secret, or `maybe_absent` says that the secret may never have been there. Then the scope is
 * asked for as well. If the server shows the scope, the call is a success. Otherwise the token
 * has perhaps lost its permission: -EACCES, and the secret is perhaps not deleted.
 */
typedef int delete_call(struct github *gh, const char *scope, const char *name,
    bool maybe_absent, uint64_t deadline_ms, delete_done *done, void *arg,
    struct call **ret) WARN_UNUSED;
delete_call call_delete_secret;

/* Adds the ids as a JSON array: "[1,2,3]". 0, or the errors of buffer_printf(). */
int call_add_ids(struct buffer *body, const int64_t *ids, size_t count) WARN_UNUSED;

/* PUT or DELETE of a thing that has no value to seal; `body` may be NULL. A 404 after an
 * earlier try of a DELETE is judged as call_delete_secret() does, by the collection that the
 * thing is in: `path` without the last part. */
int call_change(struct github *gh, enum endpoint endpoint, const char *path, const char *body,
    uint64_t deadline_ms, delete_done *done, void *arg, struct call **ret) WARN_UNUSED;

#endif
