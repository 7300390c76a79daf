/*
 * A whole list: the first page, then all others together, checked against what the server
 * says there is. Never a part of one: when a page fails, the list fails.
 */
#ifndef GHSECRETFS_LIST_H
#define GHSECRETFS_LIST_H

#include "github/github.h"
#include "github/rows.h"

/* An ETag a page, to ask with the next time, if the token is still the same. Zeroed: none. */
struct etags {
    unsigned token_generation; /* of github.h */
    char **etag;               /* owned; NULL for a page that had none */
    unsigned count;
};

void etags_release(struct etags *etags);

struct list;

/*
 * Called once, from the loop, unless the list is cancelled. `why` is NULL on success. Then
 * either `rows` is NULL, and the list is what it was when `known` was given; or `rows` has
 * the rows of all pages in the server's order (borrowed), and `etags` what to remember
 * (the callee's to release, or to steal by zeroing it).
 */
typedef void list_done(
    void *arg, const struct failure *why, const struct rows *rows, struct etags *etags);

/*
 * Fetches `path` (encoded; it may have a query). With `known`, which may be NULL and is
 * copied, every page is asked for at once and conditionally. 0 or -ENOMEM, when `done` is not
 * called.
 */
int list_start(struct github *gh, const char *path, enum row_kind kind,
    const struct etags *known, uint64_t deadline_ms, list_done *done, void *arg,
    struct list **ret) WARN_UNUSED;

/* Drops it; `done` is not called. NULL is allowed. */
void list_cancel(struct list *list);

#endif
