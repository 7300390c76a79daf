#include "github/request.h"

#include <assert.h>
#include <errno.h>
#include <utlist.h>

#include "base/container.h"
#include "base/log.h"
#include "github/client.h"
#include "github/credentials.h"
#include "github/url.h"
#include "github/verdict.h"

/* A renamed repository is one redirect, and a chain of renames a few. */
#define REDIRECTS_MAX 4

/* The points that the next try of a request costs: see pace.h. */
enum points {
    POINTS_NONE,    /* not asked for */
    POINTS_AWAITED, /* reserved, and there when request.timer fires */
    POINTS_HELD,    /* paid: the try may be sent */
};

struct request {
    struct github *gh;
    struct request_options options; /* the strings are owned */
    request_done *done;
    void *arg;

    char *url;
    struct exchange *exchange; /* the try under way, or NULL */
    struct loop_timer timer;   /* for the next try, or for the deadline of a wait */
    struct wait wait;          /* for another token, or for a rate limit to be forgotten */
    bool queued;               /* is in gh->queue */
    enum points points;
    unsigned tries, redirects;
    unsigned token_generation;               /* of the token that was last sent */
    unsigned etag_generation;                /* of the token that options.etag came with */
    bool conditional;                        /* the ETag was sent with the last try */
    bool token_reread, version_dropped;      /* each is done once a request at most */
    bool sent_before;                        /* an earlier try may have been processed */
    struct failure last;                     /* why the last try failed; err 0: no try has */
    struct request *prev, *next;             /* in gh->requests */
    struct request *queue_prev, *queue_next; /* in gh->queue */
};

static void request_try(struct request *r);

static const char *request_method(const struct request *r)
{
    return endpoint_method(r->options.endpoint);
}

static void leave_queue(struct request *r)
{
    struct github *gh = r->gh;

    if (!r->queued)
        return;
    assert(gh->status.queued > 0);
    DL_DELETE2(gh->queue, r, queue_prev, queue_next);
    r->queued = false;
    gh->status.queued--;
}

static void exchange_ended(struct request *r)
{
    assert(r->exchange && r->gh->in_flight > 0);
    r->exchange = NULL;
    r->gh->in_flight--;
}

static void request_free(struct request *r)
{
    struct github *gh = r->gh;

    loop_clear_timer(gh->loop, &r->timer);
    wait_leave(&r->wait);
    leave_queue(r);
    if (r->points == POINTS_AWAITED) {
        pace_give_back(&gh->pace, request_method(r));
        clock_go_on(&gh->clock);
    }
    if (r->exchange) {
        http_cancel(r->exchange);
        exchange_ended(r);
    }
    DL_DELETE2(gh->requests, r, prev, next);
    free((char *)r->options.path);
    free((char *)r->options.etag);
    free((char *)r->options.body);
    free(r->url);
    free(r);
}

/* Lets the requests that have waited longest try again, as many as there are free places. The
 * loop starts the tries: the caller of this function may be about to cancel requests of the
 * queue. */
static void serve_queue(struct github *gh)
{
    unsigned taken = gh->in_flight;
    struct request *r;

    DL_FOREACH2(gh->queue, r, queue_next)
    {
        if (taken++ >= gh->max_requests)
            break;
        loop_set_timer(gh->loop, &r->timer, 0);
    }
}

static void request_end(
    struct request *r, const struct failure *why, const struct http_response *response)
{
    struct github *gh = r->gh;
    request_done *done = r->done;
    void *arg = r->arg;
    const struct failure copy = why ? *why : (struct failure){0};

    request_free(r);
    done(arg, why ? &copy : NULL, response);
    serve_queue(gh);
}

static void request_finish(
    struct request *r, const struct failure *why, const struct http_response *response)
{
    if (why) {
        r->gh->status.failed++;
        log_debug("%s %s: %s", request_method(r), r->options.path, why->message);
    }
    request_end(r, why, response);
}

static void request_fail(struct request *r, int err, const char *message)
{
    struct failure why;
    failure_set(&why, err, "%s", message);
    request_finish(r, &why, NULL);
}

static uint64_t time_left(const struct request *r)
{
    uint64_t now = clock_now_ms(&r->gh->clock);
    return now < r->options.deadline_ms ? r->options.deadline_ms - now : 0;
}

/* Tries again in `wait_ms`; or ends the request with `why`, and returns false, when the
 * deadline comes first. */
static bool request_wait(struct request *r, uint64_t wait_ms, const struct failure *why)
{
    assert(why->err);
    r->last = *why;
    if (wait_ms >= time_left(r)) {
        request_finish(r, why, NULL);
        return false;
    }
    loop_set_timer(r->gh->loop, &r->timer, loop_now_ms() + wait_ms);
    return true;
}

static void request_retry(struct request *r, uint64_t wait_ms, const struct failure *why)
{
    struct github *gh = r->gh;
    if (request_wait(r, wait_ms, why))
        gh->status.retries++;
}

static void request_redirect(struct request *r, const struct http_response *response)
{
    char *url = NULL;
    int err = r->redirects++ < REDIRECTS_MAX ? url_redirect(r->url, response->location, &url)
                                             : -ELOOP;
    if (err) {
        struct failure why;
        char location[sizeof response->location];
        memcpy(location, response->location, sizeof location);
        text_hide(location, response->secret, response->secret_len);
        failure_set(&why, err == -ENOMEM ? err : -EPROTO, "%s: %.99s",
            err == -EPERM   ? "redirected to another server, where the token must not go"
            : err == -EXDEV ? "redirected to another thing than was asked for"
            : err == -ELOOP ? "redirected too often"
                            : "redirected to what is no URL",
            location);
        why.status = response->status;
        request_finish(r, &why, NULL);
        return;
    }
    free(r->url);
    r->url = url;
    request_try(r);
}

static void token_ready(struct wait *wait)
{
    struct request *r = CONTAINER_OF(wait, struct request, wait);
    if (wait->failure.err)
        request_finish(r, &wait->failure, NULL);
    else
        request_try(r);
}

static void request_token_refused(struct request *r, const struct failure *why)
{
    if (r->token_reread) {
        request_finish(r, why, NULL);
        return;
    }
    r->token_reread = true;
    r->wait.done = token_ready;
    r->wait.deadline_ms = r->options.deadline_ms;
    int err = credentials_reread_token(r->gh, r->token_generation, &r->wait);
    if (err == -EINPROGRESS) {
        loop_set_timer(r->gh->loop, &r->timer, loop_now_ms() + time_left(r));
        return;
    }
    if (err)
        request_finish(r, r->gh->credentials.reread ? &r->wait.failure : why, NULL);
    else
        request_try(r);
}

static void request_version_refused(struct request *r, const struct failure *why)
{
    struct github *gh = r->gh;

    if (r->version_dropped) {
        request_finish(r, why, NULL);
        return;
    }
    if (gh->api_version)
        log_warning("%s does not know API version %s; going on without: %s", gh->base_url,
            gh->api_version, why->message);
    r->version_dropped = true;
    free(gh->api_version);
    gh->api_version = NULL;
    request_try(r);
}

static void limit_forgotten(struct wait *wait)
{
    struct request *r = CONTAINER_OF(wait, struct request, wait);
    loop_set_timer(r->gh->loop, &r->timer, 0);
}

/* The request tries again as soon as the rate limit is forgotten, since the limit was that of a
 * token which is used no more. The timer is for the limit's end. */
static void join_limited(struct request *r)
{
    r->wait.done = limit_forgotten;
    wait_join(&r->gh->limit.wait, &r->wait);
}

/* Is the thing gone because an earlier try of this DELETE, or libcurl's own repetition of a
 * try, was processed? */
static bool deleted_before(const struct request *r, const struct http_response *response)
{
    return response->status == 404 && strcmp(request_method(r), "DELETE") == 0 &&
           (r->sent_before || response->repeated);
}

static uint64_t longer(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void request_answered(void *arg, struct http_response *response)
{
    struct request *r = arg;
    struct github *gh = r->gh;
    struct verdict v;

    exchange_ended(r);
    limit_note(&gh->limit, response);
    if (response->status && response->status != 401)
        credentials_accepted(gh, r->token_generation);
    verdict_reach(response, r->options.endpoint, r->conditional, &v);
    if (deleted_before(r, response))
        v.action = VERDICT_OK;

    switch (v.action) {
    case VERDICT_OK:
        gh->status.not_modified += response->status == 304;
        limit_note_used_up(&gh->limit, response);
        request_finish(r, NULL, response);
        return;
    case VERDICT_FAIL:
        /* A last try that the deadline cut off says less than the try before. */
        request_finish(
            r, response->result == HTTP_TIMED_OUT && r->last.err ? &r->last : &v.why, NULL);
        return;
    case VERDICT_RETRY:
        r->sent_before |= response->result != HTTP_NO_CONNECTION;
        if (response->result == HTTP_NO_CONNECTION && r->options.impatient)
            request_finish(r, &v.why, NULL);
        else
            request_retry(r, longer(v.wait_ms, verdict_backoff_ms(r->tries)), &v.why);
        break;
    case VERDICT_LIMITED:
        failure_tell_end(&v.why, v.wait_ms);
        limit_note_refused(&gh->limit, v.wait_ms, &v.why);
        join_limited(r);
        request_retry(r, v.wait_ms, &v.why);
        break;
    case VERDICT_TOKEN:
        request_token_refused(r, &v.why);
        break;
    case VERDICT_VERSION:
        request_version_refused(r, &v.why);
        break;
    case VERDICT_REDIRECT:
        request_redirect(r, response);
        break;
    }
    serve_queue(gh);
}

static void request_enqueue(struct request *r)
{
    assert(!r->queued);
    r->queued = true;
    r->gh->status.queued++;
    DL_APPEND2(r->gh->queue, r, queue_prev, queue_next);
    loop_set_timer(r->gh->loop, &r->timer, loop_now_ms() + time_left(r));
}

static void request_send(struct request *r)
{
    struct github *gh = r->gh;
    assert(gh->in_flight < gh->max_requests);
    assert(!gh->paced || r->points == POINTS_HELD);
    r->conditional = r->options.etag && r->etag_generation == gh->token_generation;
    struct http_request http = {
        .url = r->url,
        .token = gh->credentials.token(gh->credentials.context),
        .api_version = gh->api_version,
        .etag = r->conditional ? r->options.etag : NULL,
        .endpoint = r->options.endpoint,
        .body = r->options.body,
        .body_len = r->options.body ? strlen(r->options.body) : 0,
        .timeout_ms = time_left(r),
    };
    int err = http_start(gh->http, &http, request_answered, r, &r->exchange);
    if (err) {
        request_fail(r, err, strerror(-err));
        return;
    }
    r->tries++;
    r->points = POINTS_NONE;
    r->token_generation = gh->token_generation;
    gh->status.requests++;
    gh->in_flight++;
}

/* The body repeats what was read before. Sent too late, the body would undo what somebody else
 * has changed since. */
static bool is_outdated(const struct request *r)
{
    return r->options.good_until_ms && loop_now_ms() >= r->options.good_until_ms;
}

static void request_outdated(struct request *r)
{
    struct failure why;
    r->gh->status.retries++;
    failure_set(&why, -ERESTART, "what it says is too old by now");
    request_end(r, &why, NULL);
}

/* Are the points for a try there? If not, the request waits for the points. */
static bool request_has_points(struct request *r)
{
    struct github *gh = r->gh;
    uint64_t now = loop_now_ms();

    if (!gh->paced || r->points == POINTS_HELD)
        return true;
    assert(r->points == POINTS_NONE);
    uint64_t wait_ms = pace_reserve(&gh->pace, request_method(r), now);
    if (wait_ms == 0) {
        r->points = POINTS_HELD;
        return true;
    }
    r->points = POINTS_AWAITED;
    clock_stop(&gh->clock);
    loop_set_timer(gh->loop, &r->timer, now + wait_ms);
    return false;
}

static void request_try(struct request *r)
{
    struct github *gh = r->gh;
    uint64_t limited_ms = limit_left_ms(&gh->limit);

    assert(!r->exchange && !r->queued);
    loop_clear_timer(gh->loop, &r->timer);
    wait_leave(&r->wait);
    if (r->points == POINTS_AWAITED) {
        pace_spend(&gh->pace, request_method(r));
        r->points = POINTS_HELD;
        clock_go_on(&gh->clock);
    }
    if (time_left(r) == 0) {
        if (r->last.err)
            request_finish(r, &r->last, NULL);
        else
            request_fail(r, -ETIMEDOUT, "no place in the queue of requests in time");
    } else if (limited_ms > 0) {
        join_limited(r);
        request_wait(r, limited_ms, &gh->limit.why);
    } else if (!request_has_points(r)) {
        return;
    } else if (gh->in_flight >= gh->max_requests) {
        request_enqueue(r);
    } else if (is_outdated(r)) {
        request_outdated(r);
    } else {
        request_send(r);
    }
}

static void timer_fired(struct loop_timer *timer)
{
    struct request *r = CONTAINER_OF(timer, struct request, timer);
    if (r->wait.in == &r->gh->token_waiters) {
        request_fail(
            r, -ETIMEDOUT, "the token was refused, and reading it again takes too long");
        return;
    }
    leave_queue(r);
    request_try(r);
}

static char *copy_or_null(const char *text, bool *ok)
{
    char *copy = text ? strdup(text) : NULL;
    *ok &= !text || copy;
    return copy;
}

int request_start(struct github *gh, const struct request_options *options, request_done *done,
    void *arg, struct request **ret)
{
    struct request *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    bool ok = true;
    r->gh = gh;
    r->done = done;
    r->arg = arg;
    r->timer.fire = timer_fired;
    r->etag_generation = gh->token_generation;
    r->points = options->is_paid ? POINTS_HELD : POINTS_NONE;
    r->options = *options;
    r->options.path = copy_or_null(options->path, &ok);
    r->options.etag = copy_or_null(options->etag, &ok);
    r->options.body = copy_or_null(options->body, &ok);
    if (asprintf(&r->url, "%s%s", gh->base_url, options->path) < 0)
        r->url = NULL;
    DL_APPEND2(gh->requests, r, prev, next);
    if (!ok || !r->url) {
        request_free(r);
        return -ENOMEM;
    }
    *ret = r;
    /* The loop makes the first try, too: request_start() never calls done(). */
    loop_set_timer(gh->loop, &r->timer, 0);
    return 0;
}

void request_cancel(struct request *request)
{
    if (!request)
        return;
    struct github *gh = request->gh;
    request_free(request);
    serve_queue(gh);
}
