#include "github/verdict.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <time.h>

#include "github/json.h"

/* GitHub's documentation: "wait for at least one minute" when no header tells. */
#define LIMIT_WAIT_S 60
#define BACKOFF_FIRST_MS 200
#define BACKOFF_MAX_MS 5000

/* GitHub's own words: "message", and the first of "errors" where there is one. */
static int add_words(struct json_object *json, struct buffer *text)
{
    const char *message = json_string(json, "message");
    struct json_object *errors = json_member(json, "errors", json_type_array);
    struct json_object *first = errors ? json_object_array_get_idx(errors, 0) : NULL;
    const char *more = json_string(first, "message");
    if (!more && first && json_object_is_type(first, json_type_string))
        more = json_object_get_string(first);
    return buffer_printf(
        text, "%s%s%s", message ? message : "", more ? ": " : "", more ? more : "");
}

static void read_message(const struct http_response *r, struct failure *why)
{
    struct json_object *json = NULL;
    struct buffer text;

    buffer_init(&text, RESPONSE_BODY_MAX);
    if (r->body.len > 0 && json_read(r->body.data, r->body.len, &json) == 0 &&
        add_words(json, &text) == 0) {
        /* Before text_printable() cuts the text: the beginning of a cut token would be left. */
        text_hide(text.data, r->secret, r->secret_len);
        text_printable(why->message, sizeof why->message, text.data, strlen(text.data));
    }
    buffer_release(&text);
    json_object_put(json);
    if (!why->message[0])
        snprintf(why->message, sizeof why->message, "HTTP status %ld", r->status);
}

static bool says(const struct failure *why, const char *word)
{
    return !word || strcasestr(why->message, word);
}

static bool is_rate_limit(const struct http_response *r, const struct failure *why)
{
    if (r->status != 403 && r->status != 429)
        return false;
    return r->status == 429 || r->retry_after >= 0 || r->retry_at >= 0 ||
           r->limit_remaining == 0 || says(why, "rate limit") || says(why, "abuse detection");
}

/* The server's clock counts: this machine's clock may be wrong. */
static int64_t seconds_until(const struct http_response *r, int64_t at)
{
    int64_t now = r->date >= 0 ? r->date : (int64_t)time(NULL);
    return at > now ? at - now : 0;
}

int64_t verdict_reset_in_s(const struct http_response *r)
{
    return r->limit_reset >= 0 ? seconds_until(r, r->limit_reset) : 0;
}

static uint64_t limit_wait_ms(const struct http_response *r)
{
    int64_t seconds = LIMIT_WAIT_S;

    if (r->retry_after >= 0)
        seconds = r->retry_after;
    else if (r->retry_at >= 0)
        seconds = seconds_until(r, r->retry_at);
    else if (r->limit_remaining == 0 && r->limit_reset > 0) {
        seconds = verdict_reset_in_s(r);
        seconds += seconds < VERDICT_WAIT_MAX_S; /* the second of the reset itself */
    }
    if (seconds < 1) /* the limit has ended by the server's clock, but the server refuses */
        seconds = 1;
    if (seconds > VERDICT_WAIT_MAX_S)
        seconds = VERDICT_WAIT_MAX_S;
    return (uint64_t)seconds * 1000;
}

static const struct status_row {
    long status;
    const char *words[2]; /* the row counts if the message has both; NULL: any message */
    enum verdict_action action;
    int err;
} status_table[] = {
    {400, {"version"}, VERDICT_VERSION, -EINVAL},
    {400, {0}, VERDICT_FAIL, -EINVAL},
    {401, {0}, VERDICT_TOKEN, -EACCES},
    {403, {"archived"}, VERDICT_FAIL, -EROFS},
    {403, {"secrets", "limit"}, VERDICT_FAIL, -EDQUOT},
    {403, {"secrets", "maximum"}, VERDICT_FAIL, -EDQUOT},
    {403, {0}, VERDICT_FAIL, -EACCES},
    {404, {0}, VERDICT_FAIL, -ENOENT},
    {408, {0}, VERDICT_RETRY, -EIO},
    {409, {"secrets", "limit"}, VERDICT_FAIL, -EDQUOT},
    {409, {"secrets", "maximum"}, VERDICT_FAIL, -EDQUOT},
    {409, {0}, VERDICT_FAIL, -EBUSY},
    {410, {0}, VERDICT_FAIL, -ENOENT},
    {413, {0}, VERDICT_FAIL, -EFBIG},
    {422, {"secrets", "limit"}, VERDICT_FAIL, -EDQUOT},
    {422, {"secrets", "maximum"}, VERDICT_FAIL, -EDQUOT},
    {422, {0}, VERDICT_FAIL, -EINVAL},
    {451, {0}, VERDICT_FAIL, -EACCES},
};

static bool is_redirect(const struct http_response *r)
{
    return r->location[0] &&
           (r->status == 301 || r->status == 302 || r->status == 307 || r->status == 308);
}

static void judge_error(const struct http_response *r, struct verdict *v)
{
    v->action = r->status >= 500 ? VERDICT_RETRY : VERDICT_FAIL;
    v->why.err = -EIO;
    for (size_t i = 0; i < sizeof status_table / sizeof status_table[0]; i++) {
        const struct status_row *row = &status_table[i];
        if (row->status == r->status && says(&v->why, row->words[0]) &&
            says(&v->why, row->words[1])) {
            v->action = row->action;
            v->why.err = row->err;
            break;
        }
    }
    if (v->action == VERDICT_RETRY && (r->retry_after > 0 || r->retry_at >= 0))
        v->wait_ms = limit_wait_ms(r);
    if (r->status == 403 && r->sso_url[0])
        failure_set(
            &v->why, v->why.err, "authorize the token for single sign-on: %s", r->sso_url);
}

/* Contract §5.1: who has nothing to read says nothing, but for an object of what is new. Nobody
 * reads what is behind a 204. 0, -EPROTO, -ENOMEM. */
static int check_body(const struct http_response *r)
{
    struct json_object *json = NULL;

    if (r->status == 204)
        return r->body.len > 0 || r->length > 0 ? -EPROTO : 0;
    int err = r->body.len > 0 ? json_read(r->body.data, r->body.len, &json) : 0;
    if (json && !json_object_is_type(json, json_type_object))
        err = -EPROTO;
    json_object_put(json);
    return err;
}

static void judge_success(
    const struct http_response *r, enum endpoint endpoint, struct verdict *v)
{
    int err = endpoint_is_change(endpoint) ? check_body(r) : 0;

    v->action = err ? VERDICT_FAIL : VERDICT_OK;
    if (err == -EPROTO)
        failure_set(
            &v->why, err, "an unexpected body, with status %ld, from the server", r->status);
    else if (err)
        failure_set(&v->why, err, "%s", strerror(-err));
}

static void judge_status(
    const struct http_response *r, enum endpoint endpoint, bool conditional, struct verdict *v)
{
    if (endpoint_succeeded(endpoint, r->status, conditional)) {
        judge_success(r, endpoint, v);
    } else if (is_redirect(r)) {
        v->action = VERDICT_REDIRECT;
    } else if (r->status < 400) {
        v->action = VERDICT_FAIL;
        failure_set(&v->why, -EPROTO, "unexpected status %ld from the server", r->status);
    } else {
        read_message(r, &v->why);
        if (!is_rate_limit(r, &v->why)) {
            judge_error(r, v);
            return;
        }
        v->action = VERDICT_LIMITED;
        v->why.err = -EAGAIN;
        v->wait_ms = limit_wait_ms(r);
    }
}

static const struct result_row {
    enum verdict_action action;
    int err;
} result_table[] = {
    [HTTP_NO_CONNECTION] = {VERDICT_RETRY, -EHOSTUNREACH},
    [HTTP_BROKEN] = {VERDICT_RETRY, -EIO},
    [HTTP_TIMED_OUT] = {VERDICT_FAIL, -ETIMEDOUT}, /* at the request's own deadline */
    [HTTP_UNTRUSTED] = {VERDICT_FAIL, -EKEYREJECTED},
    [HTTP_TOO_LARGE] = {VERDICT_FAIL, -EPROTO},
    [HTTP_NO_MEMORY] = {VERDICT_FAIL, -ENOMEM},
};

void verdict_reach(const struct http_response *r, enum endpoint endpoint, bool conditional,
    struct verdict *ret)
{
    *ret = (struct verdict){0};
    if (r->result == HTTP_ANSWERED) {
        judge_status(r, endpoint, conditional, ret);
    } else {
        ret->action = result_table[r->result].action;
        failure_set(&ret->why, result_table[r->result].err, "%s", r->detail);
    }
    assert(!ret->why.err == (ret->action == VERDICT_OK || ret->action == VERDICT_REDIRECT));
    ret->why.status = r->status;
    memcpy(ret->why.request_id, r->request_id, sizeof ret->why.request_id);
    memcpy(ret->why.wanted, r->wanted, sizeof ret->why.wanted);
    memcpy(ret->why.url, r->sso_url, sizeof ret->why.url);
}

uint64_t verdict_backoff_ms(unsigned tries)
{
    uint64_t most = BACKOFF_FIRST_MS;
    for (unsigned i = 1; i < tries && most < BACKOFF_MAX_MS; i++)
        most *= 2;
    if (most > BACKOFF_MAX_MS)
        most = BACKOFF_MAX_MS;
    return most / 2 + randombytes_uniform((uint32_t)(most / 2) + 1);
}
