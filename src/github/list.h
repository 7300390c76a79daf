/*
 * A whole list: the first page, then all other pages together. The rows are counted against the
 * total that the server gives. A list is never given in part: when a page fails, the list
 * fails.
 *
 * A list of ROW_SELECTED, which is sent back, is never a mixture of two lists either: when the
 * list has several pages, all pages are asked for once more, until two readings agree.
 */
#ifndef GHSECRETFS_LIST_H
#define GHSECRETFS_LIST_H

#include "github/github.h"
#include "github/rows.h"

/* The ETag of each page, with which the next list_start() asks whether the list has changed.
 * ETags hold for one token (evidence §1.10). Zeroed: no ETags. */
struct etags {
    unsigned token_generation; /* github_token_generation() of the token */
    char **etag;               /* owned, each of them too; NULL for a page without an ETag */
    unsigned count;            /* pages */
};

void etags_release(struct etags *etags);

struct list;

/*
 * Called once, from the loop, unless the list is cancelled. `why` is NULL on success; `rows`
 * and `etags` are NULL on failure.
 *
 * After a success `rows` has the rows of all pages in the server's order, borrowed until the
 * function returns, and `etags` is for the next list_start(). To keep the ETags, the function
 * copies the struct and zeroes `*etags`; otherwise the ETags are released after the function
 * has returned. A success without `rows` means that the list has not changed since `known`.
 */
typedef void list_done(
    void *arg, const struct failure *why, const struct rows *rows, struct etags *etags);

/*
 * Fetches the list at `path`, which is encoded and may have a query; `path` is copied. `known`
 * is copied and may be NULL. With ETags of the present token in `known`, every page is asked
 * for at once, on condition that the page has changed. `deadline_ms` is on the clock of
 * github_now_ms(). 0, or -ENOMEM or -EFBIG (a path that is too long), after which `done` is not
 * called. `*ret` is valid until `done` is called or the list is cancelled.
 */
int list_start(struct github *gh, const char *path, enum row_kind kind,
    const struct etags *known, uint64_t deadline_ms, list_done *done, void *arg,
    struct list **ret) WARN_UNUSED;

/* Drops the list: `done` is not called. NULL is allowed. */
void list_cancel(struct list *list);

#endif
