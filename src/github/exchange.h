/*
 * One HTTP exchange as libcurl sees the exchange: the options that libcurl gets, and the
 * callbacks that libcurl calls meanwhile. For http.c only.
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
    struct loop_timer deadline; /* libcurl's own timeout acts only while libcurl is called */
    unsigned times_sent;        /* above 1: libcurl repeated the request by itself */
    bool too_large, no_memory;  /* of the body: why no more of the body was taken */
    bool body_dropped;          /* the body was too long and not needed; the status counts */
    bool given_up;              /* a call of libcurl failed: see rescue() in http.c */
    struct exchange *prev, *next;
};

/* Gives x->easy its headers, options and callbacks, by the request and by x->settings.
 * request->body is borrowed until the exchange ends. 0, -ENOMEM, or -EINVAL for a token that is
 * too long. */
int exchange_set_up(struct exchange *x, const struct http_request *request) WARN_UNUSED;

#endif
