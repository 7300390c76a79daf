/*
 * A kind of node: what is true of every file or directory of one place in the tree. The places
 * themselves are rows of places.c.
 *
 * The path in the mount is the path in the REST API (contract §2.1), so most kinds need no more
 * than that to know their URLs; a function makes the others.
 */
#ifndef GHSECRETFS_KIND_H
#define GHSECRETFS_KIND_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "github/rows.h"
#include "nodes/file_type.h"
#include "nodes/store.h"

struct tree;
struct node;
struct kind;

/* A child that is always there. */
struct fixed_child {
    const char *name; /* NULL ends the list */
    const struct kind *kind;
};

struct kind {
    const struct file_type *type;
    mode_t mode;      /* permission bits, before umask */
    const char *what; /* for messages: "the repository" */
    const struct fixed_child *fixed;

    /* What directories have that do not only hold what is always there; zero elsewhere. */
    const struct kind *child;
    const struct store *store;       /* of a directory of a store's entries */
    enum row_kind list_row, one_row; /* of a directory of other things: see kind_list_row() */
    /* The encoded path, with a query if need be, that lists the directory. */
    int (*list_path)(const struct tree *tree, const struct node *dir, struct buffer *ret);
    /* The encoded path of the one thing of that name in it. */
    int (*one_path)(const struct node *dir, const char *name, struct buffer *ret);
    bool (*plausible)(const char *name); /* could there be one of that name at all? */
    bool complete;                       /* what the listing does not have is not there */
    bool lists_login;                    /* the token's own account belongs into the listing */
    const struct kind *staging, *bulk;   /* of files among a store's entries */
    /* Of entries that have policies, and of the policies: the name of the other's directory,
     * which is beside this one. */
    const char *beside;

    /* For an entry that exists only in some states of its directory; NULL: it always exists. */
    bool (*present)(const struct node *dir);

    /* Of reports: writes what a reader gets. */
    int (*report)(const struct tree *tree, struct buffer *ret);
};

/* The kinds of row of a directory's list, and of the answer about one thing in it. */
static inline enum row_kind kind_list_row(const struct kind *kind)
{
    return kind->store ? kind->store->row : kind->list_row;
}

static inline enum row_kind kind_one_row(const struct kind *kind)
{
    return kind->store ? kind->store->row : kind->one_row;
}

/* Could the API have a thing of that name, not encoded, in a directory of the kind? */
static inline bool kind_may_have(const struct kind *kind, const char *name)
{
    return kind->store ? !kind->store->name_problem(name) : kind->plausible(name);
}

/* What one file of the directory is called in messages. */
static inline const char *kind_noun(const struct kind *kind)
{
    return kind->store ? kind->store->noun : "file";
}

#endif
