/*
 * What came back from one HTTP exchange, with the headers that the program uses taken apart.
 */
#ifndef GHSECRETFS_RESPONSE_H
#define GHSECRETFS_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* In bytes: an answer with a longer body fails with EPROTO (contract §5.2). */
#define RESPONSE_BODY_MAX (8u << 20)

enum http_result {
    HTTP_ANSWERED,      /* a whole answer, whatever its status */
    HTTP_NO_CONNECTION, /* refused, DNS, handshake: the request was not sent */
    HTTP_BROKEN,        /* the connection broke after the request was, or may have been, sent */
    HTTP_TIMED_OUT,     /* the request was sent, and no whole answer came in time */
    HTTP_UNTRUSTED,     /* the server's certificate was not accepted */
    HTTP_TOO_LARGE,     /* the body is needed and passed endpoint_body_max() */
    HTTP_NO_MEMORY,
};

struct http_response {
    enum http_result result;
    char detail[160]; /* what went wrong, where the result is not HTTP_ANSWERED; printable */
    bool repeated;    /* libcurl sent the request again when a kept connection dropped */
    long status;      /* 0 unless the result is HTTP_ANSWERED */
    struct buffer body;
    /* The token that was sent, borrowed. A server may send the token back: the texts below have
     * stars instead, and who tells anything of the body must put stars there. A length of 0: no
     * token is known. */
    const char *secret;
    size_t secret_len;
    /* The headers of a final answer have all come, up to the empty line after the last. */
    bool is_complete;
    /* The status line is not HTTP's, a Content-Length is no number, or two of them differ. */
    bool is_malformed;

    /* Headers. A header that is absent or malformed leaves an empty text, -1 for a date, a
     * length or an x-ratelimit number, and 0 for the last three. */
    int64_t length; /* Content-Length */
    char etag[128];
    char location[2048];
    char request_id[64];
    char wanted[128];        /* X-Accepted-GitHub-Permissions */
    int64_t date;            /* Unix seconds */
    int64_t retry_after;     /* Retry-After as a number: seconds from now */
    int64_t retry_at;        /* Retry-After as a date: Unix seconds */
    int64_t limit;           /* x-ratelimit-limit: requests an hour */
    int64_t limit_remaining; /* x-ratelimit-remaining: requests */
    int64_t limit_reset;     /* x-ratelimit-reset: Unix seconds */
    char sso_url[512];       /* X-GitHub-SSO: where the token is to be authorized */
    unsigned sso_hidden;     /* X-GitHub-SSO: how many organizations the list leaves out */
    unsigned last_page;      /* the page of Link's rel="last" */
    unsigned next_page;      /* the page of Link's rel="next" */
};

void response_init(struct http_response *response);
void response_release(struct http_response *response);

/* Takes one header line, which libcurl gives without a NUL at the end; `len` is in bytes. A
 * status line begins a new answer and forgets the headers before: of several answers (100
 * Continue, or a proxy's, before the server's) only the last counts. */
void response_header(struct http_response *response, const char *line, size_t len);

#endif
