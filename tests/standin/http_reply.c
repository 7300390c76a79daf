#include "http_reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "json_members.h"
#include "xalloc.h"

void reply_release(struct reply *reply)
{
    headers_free(&reply->headers);
    free(reply->body);
    *reply = (struct reply){0};
}

void reply_bytes(struct reply *reply, unsigned status, const void *bytes, size_t size)
{
    free(reply->body);
    reply->status = status;
    reply->body = xmemdup(bytes, size);
    reply->body_size = size;
}

void reply_empty(struct reply *reply, unsigned status)
{
    free(reply->body);
    reply->status = status;
    reply->body = NULL;
    reply->body_size = 0;
}

void reply_json(struct reply *reply, unsigned status, struct json_object *value)
{
    size_t size;
    const char *text = json_text(value, &size);

    reply_bytes(reply, status, text, size);
    json_object_put(value);
}

void reply_error(struct reply *reply, unsigned status, const char *format, ...)
{
    struct json_object *body = json_object_new_object();
    char *message = NULL;
    char number[16];
    va_list args;

    va_start(args, format);
    if (vasprintf(&message, format, args) < 0)
        abort();
    va_end(args);
    snprintf(number, sizeof(number), "%u", status);
    json_object_object_add(body, "message", json_object_new_string(message));
    json_object_object_add(
        body, "documentation_url", json_object_new_string("https://docs.github.com/rest"));
    json_object_object_add(body, "status", json_object_new_string(number));
    free(message);
    reply_json(reply, status, body);
}

void reply_header(struct reply *reply, const char *name, const char *format, ...)
{
    char *value = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&value, format, args) < 0)
        abort();
    va_end(args);
    headers_set(&reply->headers, name, value);
    free(value);
}
