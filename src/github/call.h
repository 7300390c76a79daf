/*
 * One question to the API that has one answer: get a thing, put or delete a secret.
 *
 * A scope is the encoded path of a secrets collection, such as
 * "/repos/acme/web/actions/secrets": the endpoints of all levels, and of other stores beside
 * Actions, differ only in that.
 */
#ifndef GHSECRETFS_CALL_H
#define GHSECRETFS_CALL_H

#include "base/buffer.h"
#include "github/endpoint.h"
#include "github/github.h"
#include "github/rows.h"

/* Contract §3.7: what is sent has at most 48 KiB. */
#define SECRET_VALUE_MAX (48u * 1024)

struct call;

/* Who may use an organization's secret, as its PUT says it. */
struct secret_policy {
    enum visibility visibility;
    const int64_t *ids; /* of the selected repositories; only with VISIBILITY_SELECTED */
    size_t id_count;
    uint64_t good_until_ms; /* as request.h's */
    bool is_paid;           /* likewise */
};

/* Drops a call; its `done` is not called. NULL is allowed. */
void call_cancel(struct call *call);

/* Called once, from the loop, unless cancelled; `why` is NULL on success. */
typedef void get_done(void *arg, const struct failure *why, const struct row *row);
typedef void put_done(void *arg, const struct failure *why, int64_t date, bool created);
typedef void delete_done(void *arg, const struct failure *why);

/* GET of any one thing. 0 or -ENOMEM, when `done` is not called; so for the others. */
int call_get(struct github *gh, const char *path, enum row_kind kind, uint64_t deadline_ms,
    get_done *done, void *arg, struct call **ret) WARN_UNUSED;

/* GET of the token's own account, for the first request of a mount: a person waits for the
 * message, so nothing is tried again where no connection could be made. */
int call_get_user(struct github *gh, uint64_t deadline_ms, get_done *done, void *arg,
    struct call **ret) WARN_UNUSED;

/* Gives the value of a PUT, borrowed, whenever it is sealed. 0 or -errno, which ends the call.
 */
typedef int put_value(void *arg, const unsigned char **ret, size_t *ret_len);

/*
 * Seals the value with the scope's key and PUTs it (`policy`, which is NULL but for an
 * organization's secret, is copied); when the key proves stale, once more with a new one.
 * `date` is the answer's Date in Unix seconds, -1 without one. On a failure the server's secret
 * is as it was, unless the failure is that no answer came, or -ERESTART: the policy was no
 * longer good when it was to be sent (once more), and is to be read again. When it cannot even
 * start, the result is -errno, `why` tells more, and `done` is not called.
 */
typedef int put_call(struct github *gh, const char *scope, const char *name, put_value *value,
    const struct secret_policy *policy, uint64_t deadline_ms, put_done *done, void *arg,
    struct call **ret, struct failure *why) WARN_UNUSED;
put_call call_put_secret;

/* A 404 is -ENOENT. But after an earlier try, which may have deleted the secret, and for one
 * that is `maybe_absent` as well, a 404 is a success if the scope is still shown, and else
 * -EACCES, with the secret perhaps not deleted. */
typedef int delete_call(struct github *gh, const char *scope, const char *name,
    bool maybe_absent, uint64_t deadline_ms, delete_done *done, void *arg,
    struct call **ret) WARN_UNUSED;
delete_call call_delete_secret;

/* Adds "[1,2,3]". 0 or -errno. */
int call_add_ids(struct buffer *body, const int64_t *ids, size_t count) WARN_UNUSED;

/* PUT or DELETE of something that needs no value; `body` may be NULL. A 404 for a DELETE is as
 * for call_delete_secret(), and the collection in place of the scope. */
int call_change(struct github *gh, enum endpoint endpoint, const char *path, const char *body,
    uint64_t deadline_ms, delete_done *done, void *arg, struct call **ret) WARN_UNUSED;

#endif
