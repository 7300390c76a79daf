#include "github/exchange.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* A handshake that takes longer has lost packets, and another try may not. */
#define CONNECT_TIMEOUT_MS 10000
/* Data that nobody acknowledged for so long means a dead network, and another connection may
 * help. A server that acknowledges the data and takes long to answer gets more time. */
#define TCP_USER_TIMEOUT_MS 10000
/* Shorter than the idle limits of common NATs, load balancers and GitHub itself. */
#define CONNECTION_IDLE_MAX_S 55L

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
    struct exchange *x = arg;
    response_header(&x->response, line, size * count);
    return size * count;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct exchange *x = arg;
    struct buffer *body = &x->response.body;
    long status = 0;

    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    body->max = endpoint_body_max(x->endpoint, status);
    int err = buffer_add(body, data, size * count);
    x->body_dropped = err == -EFBIG && endpoint_body_is_optional(x->endpoint, status);
    if (x->body_dropped)
        buffer_release(body); /* half a message is no JSON */
    x->too_large |= err == -EFBIG && !x->body_dropped;
    x->no_memory |= err == -ENOMEM;
    return err ? 0 : size * count;
}

/* libcurl calls this before each time that the request goes out, also when libcurl repeats the
 * request by itself. */
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

/* A socket that libcurl opens by itself would be inherited by every command that the program
 * starts. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)arg, (void)purpose;
    return socket(
        address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
}

static int add_header(struct exchange *x, const char *line)
{
    struct curl_slist *list = curl_slist_append(x->headers, line);
    if (!list)
        return -ENOMEM;
    x->headers = list;
    return 0;
}

/* The token is the first header, so x->headers has the copy of the token that libcurl sends.
 * response.secret points to this copy, since the token may be read again before the answer. */
static int add_token(struct exchange *x, const struct locked *token)
{
    static const char name[] = "Authorization: Bearer ";
    char line[4200];
    int len =
        snprintf(line, sizeof line, "%s%.*s", name, (int)token->len, (const char *)token->data);
    int err = len < (int)sizeof line ? add_header(x, line) : -EINVAL;
    locked_wipe(line, sizeof line);
    if (!err) {
        x->response.secret = x->headers->data + sizeof name - 1;
        x->response.secret_len = token->len;
    }
    return err;
}

static bool is_put(const struct http_request *request)
{
    return strcmp(endpoint_method(request->endpoint), "PUT") == 0;
}

static int add_headers(struct exchange *x, const struct http_request *request)
{
    char line[256];
    int err = add_token(x, request->token);
    if (!err)
        err = add_header(x, "Accept: application/vnd.github+json");
    if (!err && request->api_version) {
        snprintf(line, sizeof line, "X-GitHub-Api-Version: %s", request->api_version);
        err = add_header(x, line);
    }
    if (!err && request->etag) {
        snprintf(line, sizeof line, "If-None-Match: %s", request->etag);
        err = add_header(x, line);
    }
    if (!err && !request->body && is_put(request))
        err = add_header(x, "Content-Type:"); /* none: the body is empty, see set_request() */
    if (!err && request->body) {
        err = add_header(x, "Content-Type: application/json");
        if (!err)
            err = add_header(x, "Expect:"); /* none: no round trip before the body */
    }
    return err;
}

static const struct number_option {
    CURLoption option;
    long value;
} number_options[] = {
    {CURLOPT_PATH_AS_IS, 1},
    {CURLOPT_FOLLOWLOCATION, 0},
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_NOSIGNAL, 1},
    {CURLOPT_QUICK_EXIT, 1}, /* never join a resolver thread */
    {CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS},
    {CURLOPT_MAXAGE_CONN, CONNECTION_IDLE_MAX_S},
};

/* curl_easy_setopt(), unless an earlier call of curl_easy_setopt() failed. A macro, since
 * libcurl's header checks the type of `value`. */
#define SET(option, value) \
    do { \
        if (code == CURLE_OK) \
            code = curl_easy_setopt(x->easy, option, value); \
    } while (0)

static CURLcode set_callbacks(struct exchange *x)
{
    CURLcode code = CURLE_OK;
    SET(CURLOPT_ERRORBUFFER, x->error);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_SOCKOPTFUNCTION, on_socket_options);
    SET(CURLOPT_PREREQFUNCTION, on_send);
    SET(CURLOPT_PREREQDATA, x);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, x);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, x);
    return code;
}

static CURLcode set_connection(struct exchange *x, bool tls)
{
    const struct http_options *o = x->settings;
    CURLcode code = CURLE_OK;

    SET(CURLOPT_PROTOCOLS_STR, "https,http");
    /* Over TLS the handshake tells whether requests can share the connection. In the clear only
     * the first answer tells, and a server that is stuck on the first request would hold up all
     * others. */
    SET(CURLOPT_PIPEWAIT, tls ? 1L : 0L);
    if (!tls) /* the server is this machine: a proxy of the environment would read the token */
        SET(CURLOPT_PROXY, "");
    if (o->ca_file) {
        SET(CURLOPT_CAINFO, o->ca_file);
        SET(CURLOPT_PROXY_CAINFO, o->ca_file);
    }
    if (o->ca_dir || o->ca_file_alone) {
        SET(CURLOPT_CAPATH, o->ca_dir);
        SET(CURLOPT_PROXY_CAPATH, o->ca_dir);
    }
    return code;
}

static CURLcode set_request(struct exchange *x, const struct http_request *request)
{
    CURLcode code = CURLE_OK;

    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_CUSTOMREQUEST, endpoint_method(request->endpoint));
    SET(CURLOPT_HTTPHEADER, x->headers);
    SET(CURLOPT_USERAGENT, x->settings->user_agent);
    SET(CURLOPT_ACCEPT_ENCODING, "gzip");
    if (request->body) {
        SET(CURLOPT_POSTFIELDS, request->body);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
    } else if (is_put(request)) {
        /* GitHub wants "Content-Length: 0" of a PUT without a body. */
        SET(CURLOPT_POSTFIELDS, "");
    }
    return code;
}

int exchange_set_up(struct exchange *x, const struct http_request *request)
{
    int err = add_headers(x, request);
    if (err)
        return err;
    CURLcode code = set_callbacks(x);
    for (size_t i = 0; i < sizeof number_options / sizeof number_options[0]; i++)
        SET(number_options[i].option, number_options[i].value);
    if (code == CURLE_OK)
        code = set_connection(x, strncasecmp(request->url, "https:", 6) == 0);
    if (code == CURLE_OK)
        code = set_request(x, request);
    return code == CURLE_OK ? 0 : -ENOMEM; /* libcurl refuses a known option for nothing else */
}
