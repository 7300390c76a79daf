#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* NULL for a bad escape, and for %00, which no name can hold. */
static char *percent_decode(const char *text, size_t size)
{
    char *out = xcalloc(1, size + 1), *end = out;

    for (size_t i = 0; i < size; i++) {
        int high, low;

        if (text[i] != '%') {
            *end++ = text[i];
            continue;
        }
        high = i + 2 < size ? hex_digit(text[i + 1]) : -1;
        low = i + 2 < size ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0 || high + low == 0) {
            free(out);
            return NULL;
        }
        *end++ = (char)(high * 16 + low);
        i += 2;
    }
    return out;
}

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

char *request_query(const struct request *request, const char *name)
{
    const char *at = request->query;
    size_t name_size = strlen(name);

    while (*at) {
        size_t size = strcspn(at, "&");

        if (size > name_size && strncmp(at, name, name_size) == 0 && at[name_size] == '=')
            return percent_decode(at + name_size + 1, size - name_size - 1);
        at += size + (at[size] == '&');
    }
    return NULL;
}

char *request_base_url(const struct request *request)
{
    const char *scheme = headers_get(request->headers, "x-forwarded-proto");
    const char *host = headers_get(request->headers, "host");

    return xprintf(
        "%s://%s%s", scheme ? scheme : "http", host ? host : "127.0.0.1", request->prefix);
}
