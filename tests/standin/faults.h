/*
 * Misbehaviour on order: which requests it strikes, and what it does to them.
 */
#ifndef STANDIN_FAULTS_H
#define STANDIN_FAULTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http_reply.h"
#include "http_request.h"

enum fault_action {
    FAULT_ANSWER, /* only the answer is changed */
    FAULT_DELAY,
    FAULT_RESET_BEFORE,
    FAULT_RESET_AFTER,
    FAULT_HANG,
    FAULT_TRUNCATE,
    FAULT_DRIP,
    FAULT_CHUNKED,
    FAULT_GARBAGE,
};

/* Immutable once it can be matched, but for the counts. It lives as long as the faults. */
struct fault {
    int64_t id;
    enum fault_action action;
    bool after;     /* the request takes effect first */
    bool overrides; /* the answer is status and body below, not the API's */
    double ms;      /* of a delay, or between the pieces of a drip */
    unsigned status;
    char *body;
    size_t body_size;
    struct json_object *spec; /* as it was posted */
    const char *method;       /* NULL is any; these three belong to spec */
    const char *path;
    const char *query;
    int64_t skip;
    int64_t count; /* -1 is for ever */
    int64_t matched;
    int64_t hits;
    struct fault *next;
};

struct faults {
    pthread_mutex_t lock;
    struct fault *active;
    struct fault *removed; /* kept: a request may still be under one */
    int64_t last_id;
};

void faults_init(struct faults *faults);
void faults_release(struct faults *faults);

/* Takes the spec, a JSON object. Returns the id, or -1 with the caller's *ret_error. */
int64_t faults_add(struct faults *faults, struct json_object *spec, char **ret_error);

/* The fault that strikes this request, counted, or NULL. */
const struct fault *faults_match(struct faults *faults, const struct request *request);

/* Sets the answer that the fault has in place of the API's. */
void fault_override(const struct fault *fault, struct reply *reply);

/* Sets and removes the header fields that the fault names. */
void fault_edit_headers(const struct fault *fault, struct reply *reply);

/* An array of the active faults and their counts; the caller's. */
struct json_object *faults_to_json(struct faults *faults);

void faults_clear(struct faults *faults);

#endif
