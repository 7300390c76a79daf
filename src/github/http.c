#include "github/http.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <utlist.h>

#include "base/container.h"
#include "base/libc.h"
#include "github/exchange.h"
#include "github/trust.h"

/* libcurl 7.88 can leave the end of one stream in its own buffer: after an event of the socket
 * libcurl reads for one transfer of the connection, and when no more bytes come there is no
 * other event (evidence §3.3: of some fifty listings of a hundred pages one stalled until its
 * deadline). So libcurl is made to read once more when a socket has been silent for
 * NUDGE_FIRST_MS, and again, ever more rarely, while any exchange is under way. */
#define NUDGE_FIRST_MS 20
#define NUDGE_MAX_MS 2000

struct http {
    struct loop *loop;
    CURLM *multi;
    struct loop_timer timer;  /* the one timer that libcurl asks for */
    struct loop_timer rescue; /* set by call_failed() */
    CURLMcode failure;        /* of the call that failed */
    struct exchange *exchanges;
    struct http_socket *sockets;
    struct http_options options;
    struct http_stats stats;
};

/* A socket of libcurl's that the loop watches. */
struct http_socket {
    struct loop_watch watch;
    struct http *http;
    struct loop_timer nudge;
    uint64_t nudge_ms; /* since the last event, or the last nudge */
    struct http_socket *prev, *next;
};

static void exchange_free(struct exchange *x)
{
    if (!x)
        return;
    loop_clear_timer(x->http->loop, &x->deadline);
    curl_easy_cleanup(x->easy);
    curl_slist_free_all(x->headers);
    response_release(&x->response);
    free(x);
}

/* What kind of end a transfer had. */
static enum http_result classify(const struct exchange *x, CURLcode code)
{
    const struct http_response *r = &x->response;
    /* libcurl takes the end of the connection for the end of the headers. */
    bool is_answer = r->is_complete && !r->is_malformed;
    if (x->body_dropped && is_answer)
        return HTTP_ANSWERED;
    if (x->too_large)
        return HTTP_TOO_LARGE;
    if (x->no_memory)
        return HTTP_NO_MEMORY;
    switch (code) {
    case CURLE_OK:
        return is_answer ? HTTP_ANSWERED : HTTP_BROKEN;
    case CURLE_OUT_OF_MEMORY:
        return HTTP_NO_MEMORY;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return HTTP_UNTRUSTED;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
        return HTTP_NO_CONNECTION;
    case CURLE_OPERATION_TIMEDOUT:
        return x->times_sent ? HTTP_TIMED_OUT : HTTP_NO_CONNECTION;
    default:
        return x->times_sent ? HTTP_BROKEN : HTTP_NO_CONNECTION;
    }
}

static void exchange_finish(struct exchange *x, CURLcode code)
{
    struct http *http = x->http;
    struct http_response *r = &x->response;
    curl_off_t received = 0;
    long sent = 0, connects = 0;

    curl_easy_getinfo(x->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
    curl_easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &sent);
    curl_easy_getinfo(x->easy, CURLINFO_NUM_CONNECTS, &connects);
    http->stats.bytes_received += (uint64_t)received;
    http->stats.bytes_sent += (uint64_t)sent;
    http->stats.connections += (uint64_t)connects;

    r->result = classify(x, code);
    r->repeated = x->times_sent > 1;
    if (r->result != HTTP_ANSWERED) {
        const char *words = trust_problem(x->easy, code, x->error);
        if (!words && x->too_large)
            words = "the answer's body is too long";
        if (!words && code == CURLE_OK)
            words = "the answer is cut off, or contradicts itself";
        if (!words)
            words = x->error[0] ? x->error : curl_easy_strerror(code);
        r->status = 0;
        text_hide(x->error, r->secret, r->secret_len);
        text_printable(r->detail, sizeof r->detail, words, strlen(words));
    }
    (void)curl_multi_remove_handle(http->multi, x->easy);
    DL_DELETE(http->exchanges, x);
    http_done *done = x->done;
    x->done = NULL;
    done(x->arg, r);
    exchange_free(x);
}

static struct exchange *find_exchange(struct http *http, const CURL *easy)
{
    struct exchange *x;
    DL_FOREACH(http->exchanges, x)
    {
        if (x->easy == easy)
            break;
    }
    return x;
}

static void finish_exchanges(struct http *http)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(http->multi, &left))) {
        CURLcode code = message->data.result;
        struct exchange *x = find_exchange(http, message->easy_handle);
        if (message->msg == CURLMSG_DONE && x)
            exchange_finish(x, code);
    }
}

static void deadline_passed(struct loop_timer *timer)
{
    struct exchange *x = CONTAINER_OF(timer, struct exchange, deadline);
    snprintf(x->error, sizeof x->error, "no whole answer in time");
    exchange_finish(x, CURLE_OPERATION_TIMEDOUT);
}

/* A call of libcurl or of the loop failed. Nothing tells which transfers would now wait for an
 * event that never comes. So every exchange under way is given up, and requests try again. */
static void call_failed(struct http *http, CURLMcode code)
{
    http->failure = code;
    loop_set_timer(http->loop, &http->rescue, 0);
}

static struct exchange *first_given_up(const struct http *http)
{
    struct exchange *x;
    DL_FOREACH(http->exchanges, x)
    {
        if (x->given_up)
            break;
    }
    return x;
}

static void rescue(struct loop_timer *timer)
{
    struct http *http = CONTAINER_OF(timer, struct http, rescue);
    bool memory = http->failure == CURLM_OUT_OF_MEMORY;
    struct exchange *x;

    DL_FOREACH(http->exchanges, x) x->given_up = true;
    /* done() may start and cancel others. */
    while ((x = first_given_up(http))) {
        snprintf(x->error, sizeof x->error, "%s", curl_multi_strerror(http->failure));
        exchange_finish(x, memory ? CURLE_OUT_OF_MEMORY : CURLE_ABORTED_BY_CALLBACK);
    }
}

/* Lets libcurl act. The http_socket of `fd` may be gone afterwards. */
static void act(struct http *http, curl_socket_t fd, int events)
{
    struct http_socket *s;
    int running;

    CURLMcode code = curl_multi_socket_action(http->multi, fd, events, &running);
    if (code != CURLM_OK)
        call_failed(http, code);
    finish_exchanges(http);
    if (http->exchanges)
        return;
    DL_FOREACH(http->sockets, s) loop_clear_timer(http->loop, &s->nudge);
}

static void set_nudge(struct http_socket *s, uint64_t wait_ms)
{
    s->nudge_ms = wait_ms < NUDGE_MAX_MS ? wait_ms : NUDGE_MAX_MS;
    loop_set_timer(s->http->loop, &s->nudge, loop_now_ms() + s->nudge_ms);
}

static void nudge(struct loop_timer *timer)
{
    struct http_socket *s = CONTAINER_OF(timer, struct http_socket, nudge);
    set_nudge(s, 2 * s->nudge_ms);
    act(s->http, s->watch.fd, CURL_CSELECT_IN);
}

static void socket_ready(struct loop_watch *watch, uint32_t events)
{
    struct http_socket *s = CONTAINER_OF(watch, struct http_socket, watch);
    int flags = (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    set_nudge(s, NUDGE_FIRST_MS);
    act(s->http, watch->fd, flags);
}

static void forget_socket(struct http_socket *s)
{
    loop_unwatch(s->http->loop, &s->watch);
    loop_clear_timer(s->http->loop, &s->nudge);
    DL_DELETE(s->http->sockets, s);
    free(s);
}

/* NULL without memory. */
static struct http_socket *new_socket(struct http *http, curl_socket_t fd)
{
    struct http_socket *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->watch = (struct loop_watch){.ready = socket_ready, .fd = fd};
    s->nudge.fire = nudge;
    s->http = http;
    DL_APPEND(http->sockets, s);
    if (curl_multi_assign(http->multi, fd, s) == CURLM_OK)
        return s;
    forget_socket(s);
    return NULL;
}

/* Never returns an error: libcurl would then start no transfer until its last one is gone. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
    struct http *http = arg;
    struct http_socket *s = assigned;
    (void)easy;

    if (what == CURL_POLL_REMOVE) {
        (void)curl_multi_assign(http->multi, fd, NULL);
        if (s)
            forget_socket(s);
        return 0;
    }
    if (!s)
        s = new_socket(http, fd);
    uint32_t events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) |
                      (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
    if (!s || loop_watch(http->loop, &s->watch, events) != 0)
        call_failed(http, CURLM_OUT_OF_MEMORY);
    return 0;
}

static int on_timer(CURLM *multi, long wait_ms, void *arg)
{
    struct http *http = arg;
    (void)multi;
    if (wait_ms < 0)
        loop_clear_timer(http->loop, &http->timer);
    else
        loop_set_timer(http->loop, &http->timer, loop_now_ms() + (uint64_t)wait_ms);
    return 0;
}

static void timer_fired(struct loop_timer *timer)
{
    act(CONTAINER_OF(timer, struct http, timer), CURL_SOCKET_TIMEOUT, 0);
}

#define SET_MULTI(option, value) \
    do { \
        if (code == CURLM_OK) \
            code = curl_multi_setopt(http->multi, option, value); \
    } while (0)

static int set_multi_options(struct http *http)
{
    CURLMcode code = CURLM_OK;
    SET_MULTI(CURLMOPT_SOCKETFUNCTION, on_socket);
    SET_MULTI(CURLMOPT_SOCKETDATA, http);
    SET_MULTI(CURLMOPT_TIMERFUNCTION, on_timer);
    SET_MULTI(CURLMOPT_TIMERDATA, http);
    SET_MULTI(CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    SET_MULTI(CURLMOPT_MAXCONNECTS, (long)http->options.max_connections);
    return code == CURLM_OK ? 0 : -ENOMEM;
}

int http_new(struct loop *loop, const struct http_options *options, struct http **ret)
{
    struct http *http = calloc(1, sizeof *http);
    if (!http)
        return -ENOMEM;
    http->loop = loop;
    http->options = *options;
    http->timer.fire = timer_fired;
    http->rescue.fire = rescue;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(http);
        return -ENOMEM;
    }
    http->multi = curl_multi_init();
    if (!http->multi || set_multi_options(http) != 0) {
        http_free(http);
        return -ENOMEM;
    }
    /* libcurl opens a pipe to itself without close-on-exec. */
    libc_close_on_exec();
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
    *ret = http;
    return 0;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    assert(!http->exchanges);
    (void)curl_multi_cleanup(http->multi);
    loop_clear_timer(http->loop, &http->timer);
    loop_clear_timer(http->loop, &http->rescue);
    curl_global_cleanup();
    free(http);
}

int http_start(struct http *http, const struct http_request *request, http_done *done,
    void *arg, struct exchange **ret)
{
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        return -ENOMEM;
    x->http = http;
    x->settings = &http->options;
    x->done = done;
    x->arg = arg;
    x->endpoint = request->endpoint;
    x->deadline.fire = deadline_passed;
    response_init(&x->response);
    x->easy = curl_easy_init();
    int err = x->easy ? exchange_set_up(x, request) : -ENOMEM;
    if (!err && curl_multi_add_handle(http->multi, x->easy) != CURLM_OK)
        err = -ENOMEM;
    if (err) {
        exchange_free(x);
        return err;
    }
    loop_set_timer(http->loop, &x->deadline, loop_now_ms() + request->timeout_ms);
    DL_APPEND(http->exchanges, x);
    *ret = x;
    return 0;
}

void http_cancel(struct exchange *x)
{
    assert(x->done); /* not while done() runs, which the exchange does not outlive */
    (void)curl_multi_remove_handle(x->http->multi, x->easy);
    DL_DELETE(x->http->exchanges, x);
    exchange_free(x);
}

struct http_stats http_stats(const struct http *http)
{
    return http->stats;
}
