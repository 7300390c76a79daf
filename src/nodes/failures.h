/*
 * The last failures, for `.ghsecretfs/errors` and for the log. A line holds no value and no
 * token, and a server's words only as text_printable() left them.
 *
 * Repeats of a failure are one line with their number; the log has the first, and one a minute
 * while they last.
 */
#ifndef GHSECRETFS_FAILURES_H
#define GHSECRETFS_FAILURES_H

#include "base/buffer.h"
#include "base/failure.h"

struct github;
struct node;

/* Contract §5.15. */
#define FAILURES_KEPT 256

struct failure_line {
    char *text;                                                  /* owned */
    char request_id[sizeof((struct failure *)NULL)->request_id]; /* of the last time */
    int64_t first, last;                                         /* Unix seconds */
    unsigned long times;
    uint64_t logged_ms;
};

struct failures {
    const struct github *github;              /* whose token is hidden; NULL: nobody's */
    struct failure_line lines[FAILURES_KEPT]; /* oldest first */
    unsigned kept;
    unsigned long count; /* since the start */
    unsigned long lost;  /* of these: that have no line, since memory was short */
    int64_t lost_at;     /* the last of those; Unix seconds */
};

/* Adds a line and logs it. `operation` and `path` say what was tried, on what. */
void failures_add(struct failures *failures, const char *operation, const char *path,
    const struct failure *why);

/* The same, on what is called `name` in `node`, or with an empty name on `node` itself, which
 * may be NULL. */
void failures_add_at(struct failures *failures, const char *operation, const struct node *node,
    const char *name, const struct failure *why);

/* The lines, oldest first, and a last one on failures that have none. 0 or -errno. */
int failures_read(const struct failures *failures, struct buffer *ret) WARN_UNUSED;

void failures_release(struct failures *failures);

#endif
