/*
 * What was asked and answered, in the order in which the requests came. Every function
 * locks.
 */
#ifndef STANDIN_JOURNAL_H
#define STANDIN_JOURNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "http_reply.h"
#include "http_request.h"

/* So much of an answer's body is kept: more than a page of 100 repositories. */
enum { JOURNAL_BODY_MAX = 1024 * 1024 };

struct journal_entry {
    unsigned long n;
    double start_ms;
    double end_ms; /* -1 while it is not answered */
    unsigned connection;
    unsigned in_flight; /* at arrival, with this one */
    int64_t fault;      /* an id, or 0 */
    char *method;
    char *target;
    struct header *headers;
    char *body;
    size_t body_size;
    struct reply reply; /* status 0: none was sent */
    size_t reply_size;  /* of the whole body */
    bool over;          /* journal_end() was called */
    bool forgotten;     /* cleared before that */
    struct journal_entry *prev, *next;
};

struct journal {
    pthread_mutex_t lock;
    struct journal_entry *entries;
    unsigned long last_n;
    unsigned in_flight;
};

void journal_init(struct journal *journal);
void journal_release(struct journal *journal);

/* The headers of a request are here. The entry is valid until journal_end(). */
struct journal_entry *journal_begin(
    struct journal *journal, const struct request *request, unsigned connection);

/* Its body is here too, and a fault strikes it, or none (0). */
void journal_received(struct journal *journal, struct journal_entry *entry,
    const struct request *request, int64_t fault);

/* It is about to be answered. */
void journal_answered(
    struct journal *journal, struct journal_entry *entry, const struct reply *reply);

/* It is over, answered or not. */
void journal_end(struct journal *journal, struct journal_entry *entry);

/* The caller's. */
struct json_object *journal_to_json(struct journal *journal);

void journal_clear(struct journal *journal);

#endif
