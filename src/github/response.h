/*
 * What came back from one HTTP exchange, with the headers that matter taken apart.
 */
#ifndef GHSECRETFS_RESPONSE_H
#define GHSECRETFS_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* Contract §5.2: a body past this is EPROTO. */
#define RESPONSE_BODY_MAX (8u << 20)

enum http_result {
    HTTP_ANSWERED,
    HTTP_NO_CONNECTION, /* none could be made: refused, DNS, handshake; nothing was sent */
    HTTP_BROKEN,        /* it broke after the request was, or may have been, sent */
    HTTP_TIMED_OUT,     /* sent, and no whole answer came in time */
    HTTP_UNTRUSTED,     /* the certificate was not accepted */
    HTTP_TOO_LARGE,     /* the body passed RESPONSE_BODY_MAX */
    HTTP_NO_MEMORY,
};

struct http_response {
    enum http_result result;
    char detail[160]; /* libcurl's words when there was no answer */
    bool repeated;    /* libcurl sent it again when a kept connection dropped */
    long status;      /* 0: none, or no answer */
    struct buffer body;

    /* The token that was sent: in none of the texts below, and in nothing that is told of the
     * body. Borrowed; with a length of 0 there was none. */
    const char *secret;
    size_t secret_len;

    /* The headers of a final answer are all there, up to the empty line that ends them. */
    bool is_complete;
    /* The status line is none, or what says the length of the body contradicts itself. */
    bool is_malformed;

    /* Headers; absent ones are empty, or -1 for numbers. */
    int64_t length; /* Content-Length */
    char etag[128];
    char location[2048];
    char request_id[64];
    char wanted[128];        /* X-Accepted-GitHub-Permissions */
    int64_t date;            /* Unix seconds */
    int64_t retry_after;     /* seconds from now */
    int64_t retry_at;        /* the same header as a date: Unix seconds */
    int64_t limit;           /* x-ratelimit-limit */
    int64_t limit_remaining; /* x-ratelimit-remaining */
    int64_t limit_reset;     /* x-ratelimit-reset, Unix seconds */
    char sso_url[512];       /* X-GitHub-SSO: where the token is to be authorized */
    unsigned sso_hidden;     /* X-GitHub-SSO: so many organizations are left out */
    unsigned last_page;      /* of Link's rel="last"; 0: none */
    unsigned next_page;      /* of Link's rel="next"; 0: none */
};

void response_init(struct http_response *response);
void response_release(struct http_response *response);

/* Takes one header line, as libcurl gives it. A status line begins anew: only the last
 * answer's headers count (after 100 Continue, or a proxy's). */
void response_header(struct http_response *response, const char *line, size_t len);

#endif
