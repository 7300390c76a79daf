/*
 * One transfer: what libcurl is told of it, and what libcurl tells while it goes. The inside of
 * http.c.
 */
#ifndef GHSECRETFS_EXCHANGE_H
#define GHSECRETFS_EXCHANGE_H

#include <curl/curl.h>

#include "github/http.h"

struct exchange {
    struct http *http;
    const struct http_options *settings;
    CURL *easy;
    struct curl_slist *headers;
    char error[CURL_ERROR_SIZE];
    struct http_response response;
    http_done *done;
    void *arg;
    enum endpoint endpoint;
    struct loop_timer deadline; /* libcurl's would need libcurl to be called */
    unsigned times_sent;
    bool too_large, no_memory;
    bool body_dropped; /* what there was of it; the status is the answer */
    bool given_up;
    struct exchange *prev, *next;
};

/* Headers, options and callbacks of x->easy, by the request and by x->settings. 0 or -errno. */
int exchange_set_up(struct exchange *x, const struct http_request *request) WARN_UNUSED;

#endif
