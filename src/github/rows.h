/*
 * The things that the API lists and describes (secrets, repositories, accounts, …), read from
 * JSON into rows of one shape.
 */
#ifndef GHSECRETFS_ROWS_H
#define GHSECRETFS_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* What a row describes; in quotes the endpoint of GitHub's REST API that returns such things.
 */
enum row_kind {
    ROW_SECRET,       /* "Get a repository secret", and an environment's or organization's */
    ROW_REPOSITORY,   /* "Get a repository" */
    ROW_ACCOUNT,      /* "Get a user": a user or an organization, by the member "type" */
    ROW_ORGANIZATION, /* "List organizations for the authenticated user" */
    ROW_ENVIRONMENT,  /* "Get an environment" */
    ROW_SELECTED,     /* a repository that is selected for a secret: named OWNER/REPO */
    ROW_FULL_NAME,    /* "List organization repositories": a repository, named OWNER/REPO */
};

/* How many things of the kind GitHub puts into one page of a list at most. */
unsigned rows_per_page(enum row_kind kind);

/* Who may use an organization's secret: "Create or update an organization secret". */
enum visibility { VISIBILITY_NONE, VISIBILITY_ALL, VISIBILITY_PRIVATE, VISIBILITY_SELECTED };

/* The API's word for the visibility; "" for VISIBILITY_NONE. */
const char *visibility_name(enum visibility visibility);
/* The visibility that the API's word means; VISIBILITY_NONE for any other text. */
enum visibility visibility_parse(const char *text, size_t len);

struct row {
    const char *name; /* the server's spelling, cut after a KiB; points into rows.names */
    int64_t id;       /* above 0; -1: the thing has no number. ROW_SELECTED and ROW_FULL_NAME
                         always have one. */
    int64_t created_at, updated_at; /* Unix seconds; -1: absent, or not a time */
    bool is_organization;           /* of an account: an organization, not a user */
    enum visibility visibility;     /* of an organization's secret */
    /* The server's name has a U+0000 inside, so the thing cannot be shown; `name` is a
     * printable likeness of the server's name. */
    bool has_nul;
};

/* All names are in one block of memory: many small blocks, freed between others that stay,
 * would leave a heap full of holes. */
struct rows {
    struct row *row; /* owned */
    char *names;     /* owned */
    size_t count;
    int64_t total; /* the answer's total_count; -1: the kind's endpoint gives none */
    /* Of a list: how many organizations the server left out, since the token is not authorized
     * for their single sign-on. */
    unsigned sso_hidden;
};

void rows_release(struct rows *rows);

/* Is any thing in the parts more than once? Two rows are one thing if their numbers are equal,
 * or, for things without a number, their names, byte by byte. 0: no; -EEXIST: yes; -ENOMEM. */
int rows_check_once(const struct rows *const *parts, size_t count) WARN_UNUSED;

/* Have both the same things, by number and name, in the same order, and the same total? */
bool rows_are_same(const struct rows *a, const struct rows *b);

/* Copies all rows of `parts`, in order, into `*ret`; `total` is that of parts[0]. 0 or -ENOMEM.
 * The caller releases `*ret`. */
int rows_join(const struct rows *const *parts, size_t count, struct rows *ret) WARN_UNUSED;

/* Reads a list of at most `max` rows in the shape that GitHub documents for the kind's
 * endpoint: an array, or an object with total_count and an array. 0; -EPROTO for any other
 * text; -ENOMEM. After 0 the caller releases `*ret`. */
int rows_parse_list(
    const char *text, size_t len, enum row_kind kind, size_t max, struct rows *ret) WARN_UNUSED;

/* Reads one thing into a list of one row. 0; -EPROTO for any other text; -ENOMEM. After 0 the
 * caller releases `*ret`. */
int rows_parse_one(
    const char *text, size_t len, enum row_kind kind, struct rows *ret) WARN_UNUSED;

#endif
