/*
 * What the lines of a `repositories` file mean, both written and read. Contract §4.2. Sends
 * nothing.
 */
#ifndef GHSECRETFS_SELECTION_H
#define GHSECRETFS_SELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "sync/list_text.h"

/* The most entries of a list (contract §4.9): an organization that gives a secret to more
 * repositories has the visibility `all`, and one list must not keep the loop busy for long. */
#define ENTRIES_MAX 20000

/* A line that names a repository. */
struct entry {
    char sign;     /* '+', '-' or 0 */
    char *name;    /* "OWNER/REPO", or the digits of a number as written; owned */
    int64_t id;    /* the repository's number; -1: not known yet */
    unsigned line; /* of the file; the first line is 1 */
};

struct entries {
    struct entry *entry; /* owned */
    size_t count;
    bool is_signed; /* every entry has a sign; else none has */
    bool is_blank;  /* the text has blank lines alone, not even a comment: no change is meant */
};

/*
 * Parses a part of the file, whose first line is line `line` of the file. `owner` is the owner
 * of repositories that are written as REPO alone. A byte order mark before line 1 is dropped.
 * 0; -EINVAL, or -EFBIG for more than ENTRIES_MAX entries, with `ret_problem`; -ENOMEM.
 */
int entries_parse(const char *text, size_t len, unsigned line, const char *owner,
    struct entries *ret, struct list_problem *ret_problem) WARN_UNUSED;
void entries_release(struct entries *entries);

/* The repositories that are selected for a secret, each once. */
struct selection {
    struct selected {
        char *name; /* OWNER/REPO, owned */
        int64_t id;
    } * repository; /* owned */
    size_t count, room;
};

void selection_release(struct selection *selection);
/* Adds a repository, by a copy of its name. 0 or -ENOMEM. */
int selection_add(struct selection *selection, const char *name, int64_t id) WARN_UNUSED;
/* Sorts the repositories by name, and those of one name by number. */
void selection_sort(struct selection *selection);
/* The numbers of the repositories, in their order. The caller frees the array. NULL without
 * memory. */
int64_t *selection_ids(const struct selection *selection) WARN_UNUSED;
/* Makes `*ret` of the repositories that are in `base` and not in `minus`, and of those in
 * `plus`, in the order of both. A repository is known by its number. 0; or -ENOMEM, when `*ret`
 * is empty. */
int selection_change(const struct selection *base, const struct selection *plus,
    const struct selection *minus, struct selection *ret) WARN_UNUSED;
/* Adds a line for each repository to `ret`: its name. 0 or -errno. */
int selection_write(const struct selection *selection, struct buffer *ret) WARN_UNUSED;

#endif
