/*
 * The things that the API lists and describes, out of JSON.
 */
#ifndef GHSECRETFS_ROWS_H
#define GHSECRETFS_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum row_kind {
    ROW_SECRET,       /* "Get a repository secret" and its like */
    ROW_REPOSITORY,   /* "Get a repository" */
    ROW_ACCOUNT,      /* "Get a user": a user or an organization, as its "type" tells */
    ROW_ORGANIZATION, /* "List organizations for the authenticated user" */
    ROW_ENVIRONMENT,  /* "Get an environment" */
    ROW_SELECTED,     /* a repository that is selected for a secret: named OWNER/REPO */
    ROW_FULL_NAME,    /* "List organization repositories", named OWNER/REPO as well */
};

/* The most things of a kind that GitHub puts into one page of a list. */
unsigned rows_per_page(enum row_kind kind);

/* Who may use an organization's secret: "Create or update an organization secret". */
enum visibility { VISIBILITY_NONE, VISIBILITY_ALL, VISIBILITY_PRIVATE, VISIBILITY_SELECTED };

/* As the API writes it; "" for VISIBILITY_NONE. */
const char *visibility_name(enum visibility visibility);
/* VISIBILITY_NONE for any other text. */
enum visibility visibility_parse(const char *text, size_t len);

struct row {
    const char *name; /* as the server spells it, its first KiB; in `names` of the rows */
    int64_t id;       /* above 0; -1: none, which ROW_SELECTED and ROW_FULL_NAME never have */
    int64_t created_at, updated_at; /* Unix seconds; -1: none, or nonsense */
    bool is_organization;
    enum visibility visibility; /* of an organization's secret */
    /* There is a U+0000 in the name, so the thing cannot be shown: `name` is then a printable
     * likeness. */
    bool has_nul;
};

/* Two blocks of memory, whatever the number of rows: many small ones, freed between others that
 * stay, would leave a heap full of holes. */
struct rows {
    struct row *row; /* owned */
    char *names;     /* owned */
    size_t count;
    int64_t total; /* the answer's total_count; -1: it has none */
    /* Of a list: organizations whose things the server left out, since the token is not
     * authorized for their single sign-on. */
    unsigned sso_hidden;
};

void rows_release(struct rows *rows);

/* Is one thing in the parts more than once? A thing is known by its number, or without one by
 * its name, letter by letter. 0, -EEXIST if so, or -ENOMEM. */
int rows_check_once(const struct rows *const *parts, size_t count) WARN_UNUSED;

/* All rows of `parts`, in order, as one; `total` is the first's. 0 or -ENOMEM. */
int rows_join(const struct rows *const *parts, size_t count, struct rows *ret) WARN_UNUSED;

/* A list of at most `max` rows, as the kind's endpoint is documented: an array, or an object
 * with total_count and an array. 0, -EPROTO or -ENOMEM. */
int rows_parse_list(
    const char *text, size_t len, enum row_kind kind, size_t max, struct rows *ret) WARN_UNUSED;

/* One thing: a list of one row. 0, -EPROTO or -ENOMEM. */
int rows_parse_one(
    const char *text, size_t len, enum row_kind kind, struct rows *ret) WARN_UNUSED;

#endif
