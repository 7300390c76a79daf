/*
 * One HTTP request as it came: nothing in it is decoded but the path's segments, once.
 */
#ifndef STANDIN_HTTP_REQUEST_H
#define STANDIN_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "headers.h"

/* The deepest path of the REST API that is served has 8 parts. */
enum { REQUEST_SEGMENTS_MAX = 16 };

struct request {
    char *method;
    char *target;       /* the whole request target, raw */
    char *raw_path;     /* target without the query */
    const char *prefix; /* "/api/v3" as on Enterprise Server, or "" */
    const char *path;   /* raw_path after the prefix; starts with '/' */
    const char *query;  /* after '?', or "" */
    struct header *headers;
    char *body; /* NUL-terminated */
    size_t body_size;
    char *segments[REQUEST_SEGMENTS_MAX]; /* of path: split at '/', then percent-decoded */
    size_t segment_count;
    bool malformed; /* a bad escape, an encoded NUL, or too many segments */
};

struct request *request_new(const char *target);
void request_free(struct request *request);

void request_append_body(struct request *request, const char *bytes, size_t size);

/* The raw path after its first count segments: "" or something that starts with '/'. */
const char *request_rest(const struct request *request, size_t count);

/* The decoded value of a query parameter (the caller's), or NULL. */
char *request_query(const struct request *request, const char *name);
/* The same as it came. */
char *request_raw_query(const struct request *request, const char *name);

/* "http://HOST" (the caller's). */
char *request_host_url(const struct request *request);

/* "http://HOST/api/v3", what URLs in an answer start with (the caller's). */
char *request_base_url(const struct request *request);

#endif
