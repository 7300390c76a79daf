/*
 * A store: a kind of collection of the API that keeps named values, such as the Actions secrets
 * of a repository. One value is an entry. What is true of all directories of one store is a row
 * of tree/stores.c.
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
    bool has_policy; /* an entry has a policy, and each PUT sends the whole policy again */

    /* NULL if an entry can have the name, which is not encoded; else the rule that the name
     * breaks, for a person. */
    const char *(*name_problem)(const char *name);
    /* Creates an entry; and changes an entry that exists. */
    put_call *put, *update;
    delete_call *remove;
    /* Renames an entry, as file_type.rename says. NULL: the API cannot rename entries. */
    void (*rename)(struct task *task, struct node *node, struct node *new_dir,
        const char *new_name, unsigned flags);
};

#endif
