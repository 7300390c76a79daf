/*
 * A kind of node: what is true of every file or directory of one place in the tree. The places
 * themselves are rows of tree/places.c.
 *
 * The path in the mount is the path in the REST API (contract §2.1), so the URL of most
 * directories is made from their path. Where the API's path differs, a function of the kind
 * makes the URL.
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

/* A child that every directory of a kind has, but see kind.present. */
struct fixed_child {
    const char *name; /* NULL ends the list */
    const struct kind *kind;
};

struct kind {
    const struct file_type *type;
    mode_t mode;                     /* permission bits, before umask */
    const char *what;                /* for messages: "the repository" */
    const struct fixed_child *fixed; /* the children that always exist; or NULL */

    /* Only of directories whose children depend on what the API has: */
    const struct kind *child;        /* the kind of the children from the API */
    const struct store *store;       /* if the children are entries of a store; else NULL */
    enum row_kind list_row, one_row; /* if `store` is NULL: see kind_list_row() */
    /* Makes the encoded path of the request that lists the directory, with its query if the
     * request needs one. 0 or -errno. */
    int (*list_path)(const struct tree *tree, const struct node *dir, struct buffer *ret);
    /* Makes the encoded path of the request for the child `name` alone. 0 or -errno. NULL: the
     * API has no such request. */
    int (*one_path)(const struct node *dir, const char *name, struct buffer *ret);
    bool (*plausible)(const char *name); /* could the API have a child of that name at all? */
    bool complete;                       /* a name that the listing lacks does not exist */
    bool lists_login;                    /* the token's own account is added to the listing */
    const struct kind *staging, *bulk;   /* the other files in a directory of a store */
    /* Entries that have policies, and their policies, are in two directories side by side. The
     * name of the other directory: "access" beside the secrets, "secrets" beside the policies.
     */
    const char *beside;

    /* Does a fixed child of this kind exist in `dir` now (`repositories` exists while
     * `visibility` is selected)? NULL: always. */
    bool (*present)(const struct node *dir);

    /* Of a report: adds the text that a reader gets to `ret`. 0 or -errno. */
    int (*report)(const struct tree *tree, struct buffer *ret);
};

/* The kind of row in the API's list of such a directory; and in the API's answer about one
 * child of the directory. */
static inline enum row_kind kind_list_row(const struct kind *kind)
{
    return kind->store ? kind->store->row : kind->list_row;
}

static inline enum row_kind kind_one_row(const struct kind *kind)
{
    return kind->store ? kind->store->row : kind->one_row;
}

/* Could the API have a child of that name, which is not encoded, in a directory of the kind? */
static inline bool kind_may_have(const struct kind *kind, const char *name)
{
    return kind->store ? !kind->store->name_problem(name) : kind->plausible(name);
}

/* What messages call one child of a directory of the kind: "secret". */
static inline const char *kind_noun(const struct kind *kind)
{
    return kind->store ? kind->store->noun : "file";
}

#endif
