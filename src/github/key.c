#include "github/key.h"

#include <assert.h>
#include <errno.h>

#include "base/hash.h"
#include "github/client.h"
#include "github/json.h"
#include "github/json_part.h"
#include "github/request.h"

/* GitHub changes keys rarely, and a PUT with a stale key is refused. The hour is for a server
 * that takes a PUT with a stale key. */
#define KEY_TTL_MS (60u * 60 * 1000)
/* Contract §3.6: a failure is everybody's answer for the next second. */
#define FAILURE_TTL_MS 1000

struct key {
    struct github *gh;
    char *scope;
    char id[64]; /* empty: not held */
    struct seal_key key;
    uint64_t held_until_ms;
    struct request *request; /* while it is being fetched */
    struct waiters waiters;
    struct failure failure;
    uint64_t failed_until_ms;
    UT_hash_handle hh;
};

static struct key *key_find(struct github *gh, const char *scope)
{
    struct key *key;
    HASH_FIND_STR(gh->keys, scope, key);
    return key;
}

static struct key *key_find_or_add(struct github *gh, const char *scope)
{
    struct key *key = key_find(gh, scope);
    if (key)
        return key;
    key = calloc(1, sizeof *key);
    if (!key)
        return NULL;
    key->gh = gh;
    key->scope = strdup(scope);
    if (!key->scope) {
        free(key);
        return NULL;
    }
    HASH_ADD_KEYPTR(hh, gh->keys, key->scope, strlen(key->scope), key);
    if (!key->hh.tbl) {
        free(key->scope);
        free(key);
        return NULL;
    }
    return key;
}

/* The id is a string, or on some servers a number. A number is kept digit by digit, since
 * json-c would change a number that is too great for an int64_t. */
static bool read_id(struct json_object *json, const struct buffer *body, char *out, size_t size)
{
    struct json_part number;
    const char *text = json_string(json, "key_id");
    if (text)
        return text[0] && text_copy(out, size, text);
    if (!json_part_member(json_part_whole(body->data, body->len), "key_id", &number) ||
        number.len >= size)
        return false;
    memcpy(out, number.text, number.len);
    out[number.len] = '\0';
    return out[strspn(out, "0123456789")] == '\0';
}

/* `ret_problem` says what is wrong when the result is -EPROTO. */
static int key_read(struct key *key, const struct buffer *body, const char **ret_problem)
{
    struct json_object *json;
    *ret_problem = "no key in the answer";
    int err = json_read(body->data ? body->data : "", body->len, &json);
    if (err)
        return err;
    const char *base64 = json_string(json, "key");
    struct seal_key bytes;
    err = base64 ? seal_key_parse(base64, &bytes) : -EPROTO;
    if (base64 && err)
        *ret_problem = "the server's public key is unusable";
    if (!err && !read_id(json, body, key->id, sizeof key->id))
        err = -EPROTO;
    if (!err)
        key->key = bytes;
    json_object_put(json);
    return err;
}

static void key_fetched(
    void *arg, const struct failure *why, const struct http_response *response)
{
    struct key *key = arg;
    struct failure failure = {0};

    key->request = NULL;
    if (why) {
        failure = *why;
    } else {
        const char *problem;
        int err = key_read(key, &response->body, &problem);
        if (err)
            failure_set(&failure, err, "%s/public-key: %s", key->scope,
                err == -EPROTO ? problem : strerror(-err));
    }
    if (failure.err) {
        key->failure = failure;
        key->failed_until_ms = loop_now_ms() + FAILURE_TTL_MS;
        key->id[0] = '\0';
    } else {
        key->held_until_ms = loop_now_ms() + KEY_TTL_MS;
        key->failed_until_ms = 0;
    }
    waiters_finish(&key->waiters, failure.err ? &failure : NULL);
}

static int key_fetch(struct key *key, uint64_t deadline_ms)
{
    char *path;
    assert(!key->request);
    if (asprintf(&path, "%s/public-key", key->scope) < 0)
        return -ENOMEM;
    struct request_options options = {
        .endpoint = ENDPOINT_KEY, .path = path, .deadline_ms = deadline_ms};
    int err = request_start(key->gh, &options, key_fetched, key, &key->request);
    free(path);
    return err;
}

int key_want(struct github *gh, const char *scope, struct wait *wait)
{
    struct key *key = key_find_or_add(gh, scope);
    if (!key)
        return failure_set(&wait->failure, -ENOMEM, "%s", strerror(ENOMEM)), -ENOMEM;
    if (!key->request) {
        if (key_fresh(gh, scope, NULL))
            return 0;
        if (loop_now_ms() < key->failed_until_ms)
            return wait_fail(wait, &key->failure);
        int err = key_fetch(key, wait->deadline_ms);
        if (err)
            return failure_set(&wait->failure, err, "%s", strerror(-err)), err;
    }
    wait_join(&key->waiters, wait);
    return -EINPROGRESS;
}

void key_prefetch(struct github *gh, const char *scope, uint64_t deadline_ms)
{
    struct key *key = key_find_or_add(gh, scope);
    if (key && !key->request && !key_fresh(gh, scope, NULL) &&
        loop_now_ms() >= key->failed_until_ms)
        (void)!key_fetch(key, deadline_ms); /* who needs the key asks again, and is told why */
}

const struct seal_key *key_fresh(struct github *gh, const char *scope, const char **ret_id)
{
    struct key *key = key_find(gh, scope);
    if (!key || !key->id[0] || loop_now_ms() >= key->held_until_ms)
        return NULL;
    if (ret_id)
        *ret_id = key->id;
    return &key->key;
}

void key_is_stale(struct github *gh, const char *scope, const char *id)
{
    struct key *key = key_find(gh, scope);
    if (key && strcmp(key->id, id) == 0)
        key->id[0] = '\0';
}

void keys_free(struct github *gh)
{
    struct key *key, *next;
    HASH_ITER(hh, gh->keys, key, next)
    {
        assert(!key->waiters.head);
        HASH_DEL(gh->keys, key);
        request_cancel(key->request);
        free(key->scope);
        free(key);
    }
}
