/*
 * The last failures, for `.ghsecretfs/errors` and for the log. A line holds no value, no token,
 * and a server's words only as text_printable() left them.
 *
 * A failure that repeats is one line with a count. The log gets the failure when it is new,
 * then at most once a minute.
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
    char *text; /* owned; the line without its times, count and request */
    char request_id[sizeof((struct failure *)NULL)->request_id]; /* of the last time */
    int64_t first, last;                                         /* Unix seconds */
    unsigned long times;
    uint64_t logged_ms; /* loop_now_ms() when the log last got the failure */
};

struct failures {
    const struct github *github;              /* its token is hidden in lines; or NULL */
    struct failure_line lines[FAILURES_KEPT]; /* oldest first */
    unsigned kept;
    unsigned long count; /* of all failures since the start */
    unsigned long lost;  /* failures that have no line, since memory was short */
    int64_t lost_at;     /* Unix seconds of the last failure without a line */
};

/* Adds a line for the failure `why`, and logs the line. `operation` is the verb of what was
 * tried ("list"), and `path` what the operation was tried on. */
void failures_add(struct failures *failures, const char *operation, const char *path,
    const struct failure *why);

/* Calls failures_add() with the path of `name` in the directory `node`; with the path of `node`
 * if `name` is ""; with `name` alone if `node` is NULL. */
void failures_add_at(struct failures *failures, const char *operation, const struct node *node,
    const char *name, const struct failure *why);

/* Adds the lines to `ret`, the oldest first, and a last line that counts the failures which
 * have no line. 0 or -errno. */
int failures_read(const struct failures *failures, struct buffer *ret) WARN_UNUSED;

void failures_release(struct failures *failures);

#endif
