/*
 * A store: where the API keeps named values, such as the Actions secrets of a repository. What
 * is true of all directories of one store is a row of tree/stores.c.
 */
#ifndef GHSECRETFS_STORE_H
#define GHSECRETFS_STORE_H

#include "github/call.h"

struct node;
struct task;

struct store {
    const char *noun, *nouns; /* "secret", "secrets": for messages */
    enum row_kind row;        /* of the entries in the API's lists */
    unsigned limit;  /* the most entries that GitHub allows in a directory; 0: unknown */
    bool needs_key;  /* values are sealed with the public key of the directory */
    bool has_policy; /* an entry says who may use it, and each PUT says so anew */

    /* NULL when a name, not encoded, can be an entry's, else the rule that the name breaks. */
    const char *(*name_problem)(const char *name);
    /* Creates an entry, and changes one that is there. */
    put_call *put, *update;
    delete_call *remove;
    /* As file_type.rename. NULL: the platform cannot rename an entry. */
    void (*rename)(struct task *task, struct node *node, struct node *new_dir,
        const char *new_name, unsigned flags);
};

#endif
