/*
 * The text of a `repositories` file: what a person writes into it, and what it reads as.
 * Contract §4. Knows no API.
 */
#ifndef GHSECRETFS_SELECTION_H
#define GHSECRETFS_SELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* A line that names a repository. */
struct entry {
    char sign;  /* '+', '-' or 0 */
    char *name; /* "OWNER/REPO", owned; or a number as it was written */
    int64_t id; /* -1: not known yet */
};

struct entries {
    struct entry *entry; /* owned */
    size_t count;
    bool is_signed; /* all have a sign; else none has */
    bool is_blank;  /* there is not even a comment: nothing is to be changed */
};

/*
 * Takes a text apart. `owner` is for lines that have a repository's name alone. 0; -EINVAL,
 * with `ret_problem` in words for a person, borrowed; -ENOMEM.
 */
int entries_parse(const char *text, size_t len, const char *owner, struct entries *ret,
    const char **ret_problem) WARN_UNUSED;
void entries_release(struct entries *entries);

/* Repositories that are selected, sorted by name, each once. */
struct selection {
    struct selected {
        char *name; /* OWNER/REPO, owned */
        int64_t id;
    } * repository; /* owned */
    size_t count;
};

void selection_release(struct selection *selection);
/* Adds one, if it is not there. 0 or -ENOMEM. */
int selection_add(struct selection *selection, const char *name, int64_t id) WARN_UNUSED;
void selection_remove(struct selection *selection, int64_t id);
/* A line each. 0 or -errno. */
int selection_write(const struct selection *selection, struct buffer *ret) WARN_UNUSED;

#endif
