/*
 * One HTTP answer, before it is sent.
 */
#ifndef STANDIN_HTTP_REPLY_H
#define STANDIN_HTTP_REPLY_H

#include <json-c/json.h>
#include <stddef.h>

#include "headers.h"

struct reply {
    unsigned status;
    struct header *headers;
    char *body; /* NULL when there is none */
    size_t body_size;
};

void reply_release(struct reply *reply);

/* Sets status and body, copying the bytes. The headers stay. */
void reply_bytes(struct reply *reply, unsigned status, const void *bytes, size_t size);
void reply_empty(struct reply *reply, unsigned status);

/* Takes the value. */
void reply_json(struct reply *reply, unsigned status, struct json_object *value);

/* GitHub's error body: message, documentation_url, status. */
void reply_error(struct reply *reply, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void reply_header(struct reply *reply, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
