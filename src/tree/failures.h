/*
 * The last failures, for `.ghsecretfs/errors` and for the log. A line holds no value and no
 * token, and a server's words only as text_printable() left them.
 */
#ifndef GHSECRETFS_FAILURES_H
#define GHSECRETFS_FAILURES_H

#include "base/buffer.h"
#include "github/failure.h"

/* Contract §5. */
#define FAILURES_KEPT 256

struct failures {
    char *line[FAILURES_KEPT]; /* a ring; owned */
    unsigned next;
    unsigned long count; /* since the start */
};

/* Adds a line and logs it. `operation` and `path` say what was tried, on what. */
void failures_add(struct failures *failures, const char *operation, const char *path,
    const struct failure *why);

/* The same, on what is called `name` in `node`, or with an empty name on `node` itself, which
 * may be NULL. */
struct node;
void failures_add_at(struct failures *failures, const char *operation, const struct node *node,
    const char *name, const struct failure *why);

/* The lines, oldest first. 0 or -errno. */
int failures_read(const struct failures *failures, struct buffer *ret) WARN_UNUSED;

void failures_release(struct failures *failures);

#endif
