/*
 * What the stand-in was asked.
 */
#ifndef TESTS_STANDIN_JOURNAL_H
#define TESTS_STANDIN_JOURNAL_H

#include "standin_process.h"

#define JOURNAL_MAX 512

struct journal_entry {
    const char *method, *path; /* borrowed; the path with its query */
    const char *body;
    int status;
    double start_ms, end_ms; /* end_ms is -1 while it is not answered */
    int in_flight;
    struct json_object *headers; /* borrowed; names in lower case */
};

struct journal {
    struct json_object *json;
    struct journal_entry entry[JOURNAL_MAX];
    size_t count;
};

void journal_read(const struct standin *standin, struct journal *journal);
void journal_release(struct journal *journal);

/* How many requests there are with this method (NULL: any) whose path and query match the
 * shell pattern (NULL: any). */
size_t journal_count(const struct journal *journal, const char *method, const char *pattern);

/* The same of the stand-in's journal as it is now. */
size_t requests_to(const struct standin *standin, const char *method, const char *pattern);

/* A header that was sent, or NULL. */
const char *entry_header(const struct journal_entry *entry, const char *name);

#endif
