#include "server.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "http_exchange.h"
#include "pause.h"
#include "xalloc.h"

/* Room for long header fields; the default is 32 KiB. */
static const size_t CONNECTION_MEMORY = 131072;
static const unsigned CONNECTIONS_MAX = 4096;
/* Far over what any endpoint takes: what comes after is not kept. */
static const size_t REQUEST_BODY_MAX = 8 << 20;
static const size_t DRIP_STEP = 3;
static const size_t DELIVERY_BLOCK = 16384;

struct server {
    struct standin *standin;
    struct MHD_Daemon *daemon;
    uint16_t port;
    unsigned last_connection;
};

/* A body that is sent piece by piece. */
struct delivery {
    char *body;
    size_t size;
    size_t fails_at; /* the connection breaks here; size if it does not */
    size_t step;     /* 0: as much as fits */
    double step_ms;
};

static ssize_t deliver(void *context, uint64_t position, char *out, size_t max)
{
    const struct delivery *delivery = context;
    size_t left = delivery->fails_at > position ? delivery->fails_at - position : 0;

    if (left == 0)
        return delivery->fails_at < delivery->size ? MHD_CONTENT_READER_END_WITH_ERROR
                                                   : MHD_CONTENT_READER_END_OF_STREAM;
    if (left > max)
        left = max;
    if (delivery->step > 0) {
        if (left > delivery->step)
            left = delivery->step;
        if (!pause_sleep(delivery->step_ms))
            return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    memcpy(out, delivery->body + position, left);
    return (ssize_t)left;
}

static void free_delivery(void *context)
{
    struct delivery *delivery = context;

    free(delivery->body);
    free(delivery);
}

static struct MHD_Response *make_response(const struct exchange *exchange)
{
    const struct reply *reply = &exchange->reply;
    const struct fault *fault = exchange->fault;
    bool pieces = fault && reply->body_size > 0 &&
                  (fault->action == FAULT_TRUNCATE || fault->action == FAULT_DRIP ||
                      fault->action == FAULT_CHUNKED);
    struct delivery *delivery;

    if (!pieces)
        return MHD_create_response_from_buffer(
            reply->body_size, reply->body, MHD_RESPMEM_MUST_COPY);
    delivery = xcalloc(1, sizeof(*delivery));
    delivery->body = xmemdup(reply->body, reply->body_size);
    delivery->size = delivery->fails_at = reply->body_size;
    if (fault->action == FAULT_TRUNCATE)
        delivery->fails_at /= 2;
    if (fault->action == FAULT_DRIP) {
        delivery->step = DRIP_STEP;
        delivery->step_ms = fault->ms;
    }
    return MHD_create_response_from_callback(
        fault->action == FAULT_CHUNKED ? MHD_SIZE_UNKNOWN : reply->body_size, DELIVERY_BLOCK,
        deliver, delivery, free_delivery);
}

static enum MHD_Result send_reply(
    struct MHD_Connection *connection, const struct exchange *exchange)
{
    struct MHD_Response *response = make_response(exchange);
    enum MHD_Result result;

    if (!response)
        return MHD_NO;
    for (const struct header *field = exchange->reply.headers; field; field = field->next)
        MHD_add_response_header(response, field->name, field->value);
    result = MHD_queue_response(connection, exchange->reply.status, response);
    MHD_destroy_response(response);
    return result;
}

static int socket_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

/* Disconnecting an established socket makes the kernel send RST, and no FIN before it. */
static void reset(int fd)
{
    struct sockaddr none = {.sa_family = AF_UNSPEC};

    (void)connect(fd, &none, sizeof(none));
}

static enum MHD_Result add_request_header(
    void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct request *request = context;

    (void)kind;
    headers_append(&request->headers, name, value ? value : "");
    return MHD_YES;
}

static unsigned connection_number(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return (unsigned)(uintptr_t)info->socket_context;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
    const char *url, const char *method, const char *version, const char *bytes, size_t *size,
    void **request_context)
{
    struct exchange *exchange = *request_context;
    struct request *request = exchange->request;

    (void)context, (void)url, (void)version;
    if (!request->method) {
        request->method = xstrdup(method);
        MHD_get_connection_values(connection, MHD_HEADER_KIND, add_request_header, request);
        exchange_begin(exchange, connection_number(connection));
        return MHD_YES;
    }
    if (*size > 0) {
        if (request->body_size + *size <= REQUEST_BODY_MAX)
            request_append_body(request, bytes, *size);
        *size = 0;
        return MHD_YES;
    }
    switch (exchange_run(exchange, socket_of(connection))) {
    case EXCHANGE_ANSWER:
        return send_reply(connection, exchange);
    case EXCHANGE_RESET:
        reset(socket_of(connection));
        return MHD_NO;
    case EXCHANGE_DROP:
        break;
    }
    return MHD_NO;
}

/* Called with the raw target before anything is parsed; what it returns is the request's. */
static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    const struct server *server = context;

    (void)connection;
    return exchange_new(server->standin, target);
}

static void on_completed(void *context, struct MHD_Connection *connection,
    void **request_context, enum MHD_RequestTerminationCode why)
{
    (void)context, (void)connection, (void)why;
    exchange_free(*request_context);
    *request_context = NULL;
}

static void on_connection(void *context, struct MHD_Connection *connection,
    void **socket_context, enum MHD_ConnectionNotificationCode what)
{
    struct server *server = context;
    int on = 1;

    if (what != MHD_CONNECTION_NOTIFY_STARTED)
        return;
    setsockopt(socket_of(connection), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    *socket_context =
        (void *)(uintptr_t)__atomic_add_fetch(&server->last_connection, 1, __ATOMIC_RELAXED);
}

static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context, (void)connection;
    return strlen(text);
}

struct server *server_start(struct standin *standin, uint16_t port)
{
    struct server *server = xcalloc(1, sizeof(*server));
    struct sockaddr_in address = {.sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    server->standin = standin;
    server->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD |
                                          MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
                                          MHD_USE_SUPPRESS_DATE_NO_CLOCK,
        port, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_UNESCAPE_CALLBACK,
        keep_escapes, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_END);
    if (!server->daemon) {
        free(server);
        return NULL;
    }
    server->port = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    return server;
}

uint16_t server_port(const struct server *server)
{
    return server->port;
}

void server_stop(struct server *server)
{
    pause_stop();
    MHD_stop_daemon(server->daemon);
    free(server);
}
