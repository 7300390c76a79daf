#include "faults.h"

#include <fnmatch.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#include "json_members.h"
#include "xalloc.h"

/* Large enough for any cap a client may have, small enough for a test machine. */
static const int64_t BODY_SIZE_MAX = 256 << 20;
static const int64_t BODY_DEPTH_MAX = 1 << 20;

static const char *const known_keys[] = {"method", "path", "query", "skip", "count", "status",
    "headers", "body", "body_size", "body_depth", "action", "after", "ms", NULL};

static const struct {
    const char *name;
    enum fault_action action;
} actions[] = {
    {"delay", FAULT_DELAY},
    {"reset-before", FAULT_RESET_BEFORE},
    {"reset-after", FAULT_RESET_AFTER},
    {"hang", FAULT_HANG},
    {"truncate", FAULT_TRUNCATE},
    {"drip", FAULT_DRIP},
    {"chunked", FAULT_CHUNKED},
    {"garbage", FAULT_GARBAGE},
};

static const char garbage[] = "<!DOCTYPE html>\n<html>\0\0\xff\xfe<body>Unicorn!</body>\n";

void faults_init(struct faults *faults)
{
    *faults = (struct faults){0};
    pthread_mutex_init(&faults->lock, NULL);
}

static void free_fault(struct fault *fault)
{
    json_object_put(fault->spec);
    free(fault->body);
    free(fault);
}

void faults_release(struct faults *faults)
{
    struct fault *fault, *next;

    faults_clear(faults);
    LL_FOREACH_SAFE(faults->removed, fault, next)
    {
        free_fault(fault);
    }
    pthread_mutex_destroy(&faults->lock);
}

static bool find_action(const char *name, enum fault_action *ret)
{
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(actions[i].name, name) == 0) {
            *ret = actions[i].action;
            return true;
        }
    }
    return false;
}

static void write_repeated(FILE *out, char c, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        putc_unlocked(c, out);
}

/* The body made larger with a member "padding", or deeper with a member "deep". */
static void grow_body(struct fault *fault, int64_t size_wanted, int64_t depth)
{
    bool object = fault->body && fault->body_size >= 2 && fault->body[0] == '{';
    bool empty = !object || fault->body_size == 2;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        abort();
    fwrite(object ? fault->body : "{", 1, object ? fault->body_size - 1 : 1, out);
    if (depth > 0) {
        fprintf(out, "%s\"deep\":", empty ? "" : ",");
        write_repeated(out, '[', depth);
        write_repeated(out, ']', depth);
        empty = false;
    }
    if (size_wanted > 0) {
        fprintf(out, "%s\"padding\":\"", empty ? "" : ",");
        write_repeated(out, 'x', size_wanted - ftell(out) - 2);
        putc('"', out);
    }
    putc('}', out);
    fclose(out);
    free(fault->body);
    fault->body = text;
    fault->body_size = size;
}

static void read_body(struct fault *fault, struct json_object *body)
{
    size_t size;
    const char *text;

    if (json_object_is_type(body, json_type_string)) {
        text = json_object_get_string(body);
        size = (size_t)json_object_get_string_len(body);
    } else {
        text = json_text(body, &size);
    }
    fault->body = xmemdup(text, size);
    fault->body_size = size;
}

static char *read_answer(struct fault *fault)
{
    struct json_object *body;
    int64_t status = 200, size = 0, depth = 0;
    bool has_status = json_get_int(fault->spec, "status", &status);
    bool has_body = json_object_object_get_ex(fault->spec, "body", &body);
    bool has_size = json_get_int(fault->spec, "body_size", &size);
    bool grows = json_get_int(fault->spec, "body_depth", &depth) || has_size;

    if (status < 200 || status > 599)
        return xstrdup("status must be from 200 to 599");
    if (size < 0 || size > BODY_SIZE_MAX || depth < 0 || depth > BODY_DEPTH_MAX)
        return xstrdup("body_size or body_depth is too large");
    fault->status = (unsigned)status;
    fault->overrides = has_status || has_body || grows || fault->action == FAULT_GARBAGE;
    if (has_body)
        read_body(fault, body);
    else if (fault->action == FAULT_GARBAGE)
        fault->body = xmemdup(garbage, fault->body_size = sizeof(garbage) - 1);
    if (grows)
        grow_body(fault, size, depth);
    return NULL;
}

static char *check_headers(struct json_object *spec)
{
    struct json_object *headers;

    if (!json_object_object_get_ex(spec, "headers", &headers))
        return NULL;
    if (!json_object_is_type(headers, json_type_object))
        return xstrdup("headers must be an object");
    json_object_object_foreach(headers, name, value)
    {
        if (value && !json_object_is_type(value, json_type_string))
            return xprintf("header %s must be a string or null", name);
    }
    return NULL;
}

static char *read_spec(struct fault *fault)
{
    const char *action = NULL, *unknown = json_unknown_key(fault->spec, known_keys);
    char *error = check_headers(fault->spec);

    if (error)
        return error;
    if (unknown)
        return xprintf("unknown member \"%s\"", unknown);
    if (json_get_string(fault->spec, "action", &action) && !find_action(action, &fault->action))
        return xprintf("unknown action \"%s\"", action);
    fault->count = 1;
    json_get_string(fault->spec, "method", &fault->method);
    json_get_string(fault->spec, "path", &fault->path);
    json_get_string(fault->spec, "query", &fault->query);
    json_get_int(fault->spec, "skip", &fault->skip);
    json_get_int(fault->spec, "count", &fault->count);
    json_get_bool(fault->spec, "after", &fault->after);
    json_get_number(fault->spec, "ms", &fault->ms);
    return read_answer(fault);
}

int64_t faults_add(struct faults *faults, struct json_object *spec, char **ret_error)
{
    struct fault *fault = xcalloc(1, sizeof(*fault));
    int64_t id;

    fault->spec = spec;
    *ret_error = read_spec(fault);
    if (*ret_error) {
        free_fault(fault);
        return -1;
    }
    pthread_mutex_lock(&faults->lock);
    id = fault->id = ++faults->last_id;
    LL_APPEND(faults->active, fault);
    pthread_mutex_unlock(&faults->lock);
    return id;
}

static bool applies(const struct fault *fault, const struct request *request)
{
    if (fault->method && strcasecmp(fault->method, request->method) != 0)
        return false;
    if (fault->query && fnmatch(fault->query, request->query, 0) != 0)
        return false;
    /* Whether a client uses the prefix is seldom what a test is about. */
    return !fault->path || fnmatch(fault->path, request->raw_path, 0) == 0 ||
           fnmatch(fault->path, request->path, 0) == 0;
}

const struct fault *faults_match(struct faults *faults, const struct request *request)
{
    struct fault *fault;

    pthread_mutex_lock(&faults->lock);
    LL_FOREACH(faults->active, fault)
    {
        if (!applies(fault, request))
            continue;
        fault->matched++;
        if (fault->matched <= fault->skip || (fault->count >= 0 && fault->hits >= fault->count))
            continue;
        fault->hits++;
        break;
    }
    pthread_mutex_unlock(&faults->lock);
    return fault;
}

void fault_override(const struct fault *fault, struct reply *reply)
{
    reply_release(reply);
    if (fault->body)
        reply_bytes(reply, fault->status, fault->body, fault->body_size);
    else if (fault->status == 204 || fault->status == 304)
        reply_empty(reply, fault->status);
    else
        reply_error(reply, fault->status, "%s", MHD_get_reason_phrase_for(fault->status));
    if (fault->action == FAULT_GARBAGE)
        reply_header(reply, "Content-Type", "text/html; charset=utf-8");
}

void fault_edit_headers(const struct fault *fault, struct reply *reply)
{
    struct json_object *headers;

    if (!json_object_object_get_ex(fault->spec, "headers", &headers))
        return;
    json_object_object_foreach(headers, name, value)
    {
        headers_set(&reply->headers, name, value ? json_object_get_string(value) : NULL);
    }
}

struct json_object *faults_to_json(struct faults *faults)
{
    struct json_object *array = json_object_new_array();
    const struct fault *fault;

    pthread_mutex_lock(&faults->lock);
    LL_FOREACH(faults->active, fault)
    {
        struct json_object *object = json_object_new_object();

        json_object_object_add(object, "id", json_object_new_int64(fault->id));
        json_object_object_add(object, "matched", json_object_new_int64(fault->matched));
        json_object_object_add(object, "hits", json_object_new_int64(fault->hits));
        json_object_object_add(object, "spec", json_object_get(fault->spec));
        json_object_array_add(array, object);
    }
    pthread_mutex_unlock(&faults->lock);
    return array;
}

void faults_clear(struct faults *faults)
{
    pthread_mutex_lock(&faults->lock);
    LL_CONCAT(faults->removed, faults->active);
    faults->active = NULL;
    pthread_mutex_unlock(&faults->lock);
}
