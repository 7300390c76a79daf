#include "http_request.h"

#include <stdlib.h>
#include <string.h>

#include "percent.h"
#include "xalloc.h"

static void split_path(struct request *request)
{
    const char *at = request->path;

    while (*at == '/') {
        size_t size = strcspn(at + 1, "/");
        char *segment = percent_decode(at + 1, size);

        if (!segment || request->segment_count == REQUEST_SEGMENTS_MAX) {
            free(segment);
            request->malformed = true;
            return;
        }
        request->segments[request->segment_count++] = segment;
        at += 1 + size;
    }
}

static bool has_api_prefix(const char *path)
{
    static const char prefix[] = "/api/v3";
    size_t size = sizeof(prefix) - 1;

    return strncmp(path, prefix, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

struct request *request_new(const char *target)
{
    struct request *request = xcalloc(1, sizeof(*request));
    size_t path_size = strcspn(target, "?");

    request->target = xstrdup(target);
    request->raw_path = xmemdup(target, path_size);
    request->query = request->target + path_size + (target[path_size] == '?');
    request->prefix = "";
    request->path = request->raw_path;
    if (has_api_prefix(request->raw_path)) {
        request->prefix = "/api/v3";
        request->path += strlen(request->prefix);
    }
    split_path(request);
    return request;
}

void request_free(struct request *request)
{
    if (!request)
        return;
    for (size_t i = 0; i < request->segment_count; i++)
        free(request->segments[i]);
    headers_free(&request->headers);
    free(request->method);
    free(request->target);
    free(request->raw_path);
    free(request->body);
    free(request);
}

void request_append_body(struct request *request, const char *bytes, size_t size)
{
    request->body = xrealloc(request->body, request->body_size + size + 1);
    memcpy(request->body + request->body_size, bytes, size);
    request->body_size += size;
    request->body[request->body_size] = '\0';
}

const char *request_rest(const struct request *request, size_t count)
{
    const char *at = request->path;

    for (size_t i = 0; i < count && *at == '/'; i++)
        at += 1 + strcspn(at + 1, "/");
    return at;
}

/* The raw value of a query parameter, or NULL. */
static const char *query_value(
    const struct request *request, const char *name, size_t *ret_size)
{
    const char *at = request->query;
    size_t name_size = strlen(name);

    while (*at) {
        size_t size = strcspn(at, "&");

        if (size > name_size && strncmp(at, name, name_size) == 0 && at[name_size] == '=') {
            *ret_size = size - name_size - 1;
            return at + name_size + 1;
        }
        at += size + (at[size] == '&');
    }
    return NULL;
}

char *request_query(const struct request *request, const char *name)
{
    size_t size;
    const char *value = query_value(request, name, &size);

    return value ? percent_decode(value, size) : NULL;
}

char *request_raw_query(const struct request *request, const char *name)
{
    size_t size;
    const char *value = query_value(request, name, &size);

    return value ? xmemdup(value, size) : NULL;
}

char *request_host_url(const struct request *request)
{
    const char *scheme = headers_get(request->headers, "x-forwarded-proto");
    const char *host = headers_get(request->headers, "host");

    return xprintf("%s://%s", scheme ? scheme : "http", host ? host : "127.0.0.1");
}

char *request_base_url(const struct request *request)
{
    char *host = request_host_url(request);
    char *base = xprintf("%s%s", host, request->prefix);

    free(host);
    return base;
}
