/*
 * The text of a `repositories` file: what a person writes into it, and what it reads as.
 * Contract §4.2. Knows no API.
 */
#ifndef GHSECRETFS_SELECTION_H
#define GHSECRETFS_SELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "sync/list_text.h"

/* More lines than this are no list: an organization that gives a secret to so many repositories
 * has `all` for it, and the loop must not be busy with one text for long. */
#define ENTRIES_MAX 20000

/* A line that names a repository. */
struct entry {
    char sign;     /* '+', '-' or 0 */
    char *name;    /* "OWNER/REPO", owned; or a number as it was written */
    int64_t id;    /* -1: not known yet */
    unsigned line; /* of the file; the first is 1 */
};

struct entries {
    struct entry *entry; /* owned */
    size_t count;
    bool is_signed; /* all have a sign; else none has */
    bool is_blank;  /* there is not even a comment: nothing is to be changed */
};

/*
 * Takes a text apart, whose first line is the file's `line`. `owner` is for lines that have a
 * repository's name alone. A byte order mark before the file's first line is dropped. 0;
 * -EINVAL, or -EFBIG for more than ENTRIES_MAX, with `ret_problem`; -ENOMEM.
 */
int entries_parse(const char *text, size_t len, unsigned line, const char *owner,
    struct entries *ret, struct list_problem *ret_problem) WARN_UNUSED;
void entries_release(struct entries *entries);

/* Repositories that are selected; once selection_sort() was called, by name, each once. */
struct selection {
    struct selected {
        char *name; /* OWNER/REPO, owned */
        int64_t id;
    } * repository; /* owned */
    size_t count, room;
};

void selection_release(struct selection *selection);
/* Adds one. 0 or -ENOMEM. */
int selection_add(struct selection *selection, const char *name, int64_t id) WARN_UNUSED;
void selection_sort(struct selection *selection);
/* Takes out those with one of these numbers, which are sorted. */
void selection_remove(struct selection *selection, const int64_t *ids, size_t count);
/* A line each. 0 or -errno. */
int selection_write(const struct selection *selection, struct buffer *ret) WARN_UNUSED;

#endif
