#include "github/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <utlist.h>

#include "base/container.h"

/* A handshake that takes longer has lost packets; another try finds another way. */
#define CONNECT_TIMEOUT_MS 10000
/* Data that nobody acknowledged for so long means a dead network, which is worth another
 * connection; a server that is silent is not. */
#define TCP_USER_TIMEOUT_MS 10000
/* Shorter than the idle limits of common NATs, load balancers and GitHub itself. */
#define CONNECTION_IDLE_MAX_S 55L
/* libcurl 7.88 can leave the end of one stream in its own buffer: an event of the socket makes
 * it read for one transfer of the connection, and when no more bytes come there is no other
 * event. (Measured: of some fifty listings of a hundred pages, one stalled until its deadline.)
 * So it is asked to read once more when a socket has been silent for so long, and again, ever
 * more rarely, while anything is under way. */
#define NUDGE_FIRST_MS 20
#define NUDGE_MAX_MS 2000

struct http {
    struct loop *loop;
    CURLM *multi;
    struct loop_timer timer;
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

struct exchange {
    struct http *http;
    CURL *easy;
    struct curl_slist *headers;
    char error[CURL_ERROR_SIZE];
    struct http_response response;
    http_done *done;
    void *arg;
    unsigned times_sent;
    bool too_large, no_memory;
    struct exchange *prev, *next;
};

static void exchange_free(struct exchange *x)
{
    if (!x)
        return;
    curl_easy_cleanup(x->easy);
    curl_slist_free_all(x->headers);
    response_release(&x->response);
    free(x);
}

/* What kind of end a transfer had. */
static enum http_result classify(const struct exchange *x, CURLcode code)
{
    if (x->too_large)
        return HTTP_TOO_LARGE;
    if (x->no_memory)
        return HTTP_NO_MEMORY;
    switch (code) {
    case CURLE_OK:
        return HTTP_ANSWERED;
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

    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &r->status);
    curl_easy_getinfo(x->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
    curl_easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &sent);
    curl_easy_getinfo(x->easy, CURLINFO_NUM_CONNECTS, &connects);
    http->stats.bytes_received += (uint64_t)received;
    http->stats.bytes_sent += (uint64_t)sent;
    http->stats.connections += (uint64_t)connects;

    r->result = classify(x, code);
    r->repeated = x->times_sent > 1;
    if (r->result != HTTP_ANSWERED) {
        const char *words = x->error[0] ? x->error : curl_easy_strerror(code);
        r->status = 0;
        text_printable(r->detail, sizeof r->detail, words, strlen(words));
    }
    curl_multi_remove_handle(http->multi, x->easy);
    DL_DELETE(http->exchanges, x);
    x->done(x->arg, r);
    exchange_free(x);
}

static void finish_exchanges(struct http *http)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(http->multi, &left))) {
        struct exchange *x = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &x);
        exchange_finish(x, code);
    }
}

/* The socket may be gone afterwards. */
static void act(struct http *http, curl_socket_t fd, int events)
{
    struct http_socket *s;
    int running;

    curl_multi_socket_action(http->multi, fd, events, &running);
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

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
    struct http *http = arg;
    struct http_socket *s = assigned;
    (void)easy;

    if (what == CURL_POLL_REMOVE) {
        if (s) {
            loop_unwatch(http->loop, &s->watch);
            loop_clear_timer(http->loop, &s->nudge);
            DL_DELETE(http->sockets, s);
        }
        curl_multi_assign(http->multi, fd, NULL);
        free(s);
        return 0;
    }
    if (!s) {
        s = calloc(1, sizeof *s);
        if (!s)
            return -1;
        s->watch = (struct loop_watch){.ready = socket_ready, .fd = fd};
        s->nudge.fire = nudge;
        s->http = http;
        DL_APPEND(http->sockets, s);
        curl_multi_assign(http->multi, fd, s);
    }
    uint32_t events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) |
                      (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
    return loop_watch(http->loop, &s->watch, events) == 0 ? 0 : -1;
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

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
    struct exchange *x = arg;
    response_header(&x->response, line, size * count);
    return size * count;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct exchange *x = arg;
    int err = buffer_add(&x->response.body, data, size * count);
    x->too_large |= err == -EFBIG;
    x->no_memory |= err == -ENOMEM;
    return err ? 0 : size * count;
}

/* Runs before each time the request goes out, also when libcurl repeats it by itself. */
static int on_send(void *arg, char *ip, char *local_ip, int port, int local_port)
{
    struct exchange *x = arg;
    (void)ip, (void)local_ip, (void)port, (void)local_port;
    x->times_sent++;
    return CURL_PREREQFUNC_OK;
}

static int on_socket_options(void *arg, curl_socket_t fd, curlsocktype purpose)
{
    unsigned timeout = TCP_USER_TIMEOUT_MS;
    (void)arg, (void)purpose;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
    return CURL_SOCKOPT_OK;
}

static int add_header(struct exchange *x, const char *line)
{
    struct curl_slist *list = curl_slist_append(x->headers, line);
    if (!list)
        return -ENOMEM;
    x->headers = list;
    return 0;
}

static int add_token(struct exchange *x, const struct locked *token)
{
    char line[4200];
    int len = snprintf(line, sizeof line, "Authorization: Bearer %.*s", (int)token->len,
        (const char *)token->data);
    int err = len < (int)sizeof line ? add_header(x, line) : -EINVAL;
    locked_wipe(line, sizeof line);
    return err;
}

static int add_headers(struct exchange *x, const struct http_request *request)
{
    char line[256];
    int err = add_header(x, "Accept: application/vnd.github+json");
    if (!err)
        err = add_token(x, request->token);
    if (!err && request->api_version) {
        snprintf(line, sizeof line, "X-GitHub-Api-Version: %s", request->api_version);
        err = add_header(x, line);
    }
    if (!err && request->etag) {
        snprintf(line, sizeof line, "If-None-Match: %s", request->etag);
        err = add_header(x, line);
    }
    if (!err && !request->body && strcmp(request->method, "PUT") == 0)
        err = add_header(x, "Content-Type:"); /* nor a body: see set_options() */
    if (!err && request->body) {
        err = add_header(x, "Content-Type: application/json");
        if (!err)
            err = add_header(x, "Expect:"); /* no round trip before the body */
    }
    return err;
}

static void set_options(struct exchange *x, const struct http_request *request)
{
    const struct http_options *o = &x->http->options;
    CURL *easy = x->easy;

    curl_easy_setopt(easy, CURLOPT_PRIVATE, x);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->error);
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    if (request->body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
    }
    /* GitHub wants "Content-Length: 0" of a PUT that has nothing to say. */
    if (!request->body && strcmp(request->method, "PUT") == 0)
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, x->headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, o->user_agent);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    /* Over TLS the handshake tells whether a connection can be shared; in the clear only the
     * first answer would, and a server that is stuck on it would hold up all others. */
    bool tls = strncasecmp(request->url, "https:", 6) == 0;
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, tls ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* never join a resolver thread */
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, CONNECTION_IDLE_MAX_S);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket_options);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_send);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, x);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
    if (o->ca_file) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, o->ca_file);
        curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, o->ca_file);
    }
    if (o->ca_dir) {
        curl_easy_setopt(easy, CURLOPT_CAPATH, o->ca_dir);
        curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, o->ca_dir);
    }
}

int http_new(struct loop *loop, const struct http_options *options, struct http **ret)
{
    struct http *http = calloc(1, sizeof *http);
    if (!http)
        return -ENOMEM;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        !(http->multi = curl_multi_init())) {
        free(http);
        return -ENOMEM;
    }
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
    http->loop = loop;
    http->options = *options;
    http->timer.fire = timer_fired;
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)options->max_connections);
    *ret = http;
    return 0;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    curl_multi_cleanup(http->multi);
    loop_clear_timer(http->loop, &http->timer);
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
    x->done = done;
    x->arg = arg;
    response_init(&x->response);
    x->easy = curl_easy_init();
    int err = x->easy ? add_headers(x, request) : -ENOMEM;
    if (!err) {
        set_options(x, request);
        if (curl_multi_add_handle(http->multi, x->easy) != CURLM_OK)
            err = -ENOMEM;
    }
    if (err) {
        exchange_free(x);
        return err;
    }
    DL_APPEND(http->exchanges, x);
    *ret = x;
    return 0;
}

void http_cancel(struct exchange *x)
{
    curl_multi_remove_handle(x->http->multi, x->easy);
    DL_DELETE(x->http->exchanges, x);
    exchange_free(x);
}

struct http_stats http_stats(const struct http *http)
{
    return http->stats;
}
