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

struct tree;
struct node;
struct nodes;
struct task;
struct value;
struct kind;

enum node_type {
    NODE_DIRECTORY,
    NODE_SECRET,
    NODE_STAGING,
    NODE_BULK,
    NODE_REPORT,
    NODE_CONTROL,
    NODE_LINK,
};

/* A child that is always there. */
struct fixed_child {
    const char *name; /* NULL ends the list */
    const struct kind *kind;
};

struct kind {
    enum node_type type;
    mode_t mode;      /* permission bits, before umask */
    const char *what; /* for messages: "the repository" */
    const struct fixed_child *fixed;

    /* What directories have that do not only hold what is always there; zero elsewhere. */
    const struct kind *child;
    enum row_kind list_row, one_row;
    /* The encoded path, with a query if need be, that lists the directory. */
    int (*list_path)(const struct tree *tree, const struct node *dir, struct buffer *ret);
    /* The encoded path of the one thing of that name in it. */
    int (*one_path)(const struct node *dir, const char *name, struct buffer *ret);
    bool (*plausible)(const char *name); /* could there be one of that name at all? */
    bool complete;                       /* what the listing does not have is not there */
    bool lists_login;                    /* the token's own account belongs into the listing */
    bool has_policy;                     /* its secrets say who may use them */
    unsigned limit; /* GitHub's limit on the number of secrets; 0: no secrets here */
    const struct kind *staging, *bulk; /* of files beside secrets that are here alone */

    /* Instead of a listing of its own. */
    void (*lookup)(struct task *task);
    void (*list)(struct task *task);
    /* Of directories in which directories can be made, and removed: task->name, decoded for
     * rmdir, and as it was given for mkdir, which takes names of secrets alone. */
    void (*mkdir)(struct task *task);
    void (*rmdir)(struct task *task);
    /* For an entry that exists only in some states of its directory; NULL: it always exists. */
    bool (*present)(const struct node *dir);
    /* Whether the entry exists depends on what was written a moment ago, or a rename gives its
     * name to another: the kernel must ask. */
    bool fleeting;
    bool is_word; /* a control file that holds one word, not a list */

    /* What a node owns besides its children. NULL: nothing. */
    void (*release)(struct node *node); /* the node is about to be freed */
    void (*idle)(
        struct nodes *nodes, struct node *dir); /* nobody uses the directory any more */
    /* Of files that are here alone: their directory has gone. */
    void (*orphan)(struct nodes *nodes, struct node *node);

    /* Of files whose text is stored in a way of its own: stores it, and ends the task. */
    void (*store)(struct task *task, const struct value *value);

    /* Of reports: writes what a reader gets. */
    int (*report)(struct tree *tree, struct buffer *ret);
};

#endif
