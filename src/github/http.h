/*
 * HTTP exchanges, each one request and its answer, many under way at once. No other file calls
 * libcurl to transfer anything. Here are connections, headers and bytes; what an answer means
 * (verdict.h) and whether to try again (request.h) is decided elsewhere.
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
    const char *user_agent; /* borrowed until http_free(), and so are the next two */
    const char *ca_file;    /* certificates to trust, PEM; NULL: libcurl's default file */
    const char *ca_dir;     /* a directory of such certificates; NULL: libcurl's default one */
    bool ca_file_alone;     /* without a ca_dir: libcurl's default directory is not used */
    unsigned max_connections; /* that are kept open for later requests */
};

struct http_request {
    enum endpoint endpoint; /* says the method, and how much of a body is of use */
    const char *url;
    const struct locked *token;
    const char *api_version; /* NULL: no such header */
    const char *etag;        /* for If-None-Match; NULL: none */
    const char *body;        /* JSON; NULL: none. Borrowed until the exchange ends. */
    size_t body_len;
    uint64_t timeout_ms; /* for the whole exchange */
};

/* Called once, from the loop, unless the exchange is cancelled. `response` is borrowed until
 * the function returns; the exchange is gone then, and must not be cancelled meanwhile. */
typedef void http_done(void *arg, struct http_response *response);

struct http_stats {
    uint64_t connections; /* opened since the start */
    uint64_t bytes_sent, bytes_received;
};

/* Initializes libcurl. No function of libcurl may be called before, and no fork() may follow
 * (evidence §3.10). 0 or -ENOMEM. */
int http_new(
    struct loop *loop, const struct http_options *options, struct http **ret) WARN_UNUSED;
/* Every exchange must have ended or been cancelled. NULL is allowed. */
void http_free(struct http *http);

/* `request` but for its body is copied. 0, or the errors of exchange_set_up(). After 0 `*ret`
 * is valid until `done` is called or the exchange is cancelled. */
int http_start(struct http *http, const struct http_request *request, http_done *done,
    void *arg, struct exchange **ret) WARN_UNUSED;

/* Drops the exchange: `done` is not called. The server may or may not have processed the
 * request. */
void http_cancel(struct exchange *exchange);

struct http_stats http_stats(const struct http *http);

#endif
