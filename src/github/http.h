/*
 * One HTTP exchange at a time, many at once: the only user of libcurl's transfers. Knows
 * connections, headers and bytes; what they mean, and whether to try again, is decided above.
 */
#ifndef GHSECRETFS_HTTP_H
#define GHSECRETFS_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/locked.h"
#include "base/loop.h"
#include "github/endpoint.h"
#include "github/response.h"

struct http;
struct exchange;

struct http_options {
    const char *user_agent;
    const char *ca_file; /* NULL: libcurl's own */
    const char *ca_dir;  /* NULL: libcurl's own */
    bool ca_file_alone;  /* nor those of libcurl's own directory */
    unsigned max_connections;
};

struct http_request {
    enum endpoint endpoint; /* says the method, and how much of a body is of use */
    const char *url;
    const struct locked *token;
    const char *api_version; /* NULL: no such header */
    const char *etag;        /* for If-None-Match; NULL: none */
    const char *body;        /* JSON; NULL: none. Borrowed until the exchange ends. */
    size_t body_len;
    uint64_t timeout_ms; /* for the whole exchange; at least 1 */
};

/* Called once, from the loop, unless the exchange is cancelled. The response is the
 * callee's for the time of the call. */
typedef void http_done(void *arg, struct http_response *response);

struct http_stats {
    uint64_t connections; /* opened since the start */
    uint64_t bytes_sent, bytes_received;
};

/* Initializes libcurl: nothing of it may be used before, and no fork() after. 0 or -errno. */
int http_new(
    struct loop *loop, const struct http_options *options, struct http **ret) WARN_UNUSED;
/* No exchange may be left. */
void http_free(struct http *http);

/* 0 or -errno; after 0 the exchange is the http's until it is done or cancelled. */
int http_start(struct http *http, const struct http_request *request, http_done *done,
    void *arg, struct exchange **ret) WARN_UNUSED;

/* Drops it: done() is not called, the server may or may not have processed it. */
void http_cancel(struct exchange *exchange);

struct http_stats http_stats(const struct http *http);

#endif
