/*
 * The tree of secrets: its nodes, and the operations under way. The program has one tree.
 */
#ifndef GHSECRETFS_TREE_H
#define GHSECRETFS_TREE_H

#include "base/loop.h"
#include "github/github.h"
#include "nodes/failures.h"
#include "nodes/name.h"
#include "nodes/node.h"
#include "nodes/repository_ids.h"
#include "nodes/value.h"

struct empty;
struct held;
struct open_file;

struct tree_options {
    const char *host;         /* for `status` */
    const char *token_origin; /* for `status`: where the token comes from, not the token */
    const char *replacers;    /* more programs whose DELETEs are held (contract §3.26), beside
                               * the programs in remove.c: names with colons between; or NULL */
    uint64_t cache_ttl_ms;    /* how long a listing is believed */
    uint64_t timeout_ms;      /* of one operation */
    unsigned max_requests;    /* uploads of one bulk file at once */
    enum newline newline;
    enum visibility visibility; /* of new organization secrets */
    bool commit_on_write;       /* commit=write */
    bool tell_writers;          /* failed_close=message */
};

struct tree {
    struct loop *loop;
    struct github *github;
    struct tree_options options; /* strings are borrowed */
    struct nodes nodes;
    struct failures failures;
    unsigned sso_hidden;  /* organizations that single sign-on hides, by the last listing */
    struct node *whole;   /* the root of the whole tree */
    struct node *root;    /* the root of the mount: `whole`, or a directory below */
    struct node *reports; /* .ghsecretfs */
    char *login;          /* of the token's account; "": an app's token has no account */
    struct open_file *open_files;
    struct repository_ids repository_ids;
    struct {
        pid_t process;
        uint64_t until_ms;
        char name[NAME_SIZE];
    } refused; /* the last name of which a writer was told that it cannot be one */
    unsigned policy_changes;          /* changes of policies so far: gives policy.generation */
    struct held *held;                /* the DELETEs that are held or under way, oldest first */
    struct empty *empties;            /* names made empty, the oldest first */
    struct loop_timer empties_timer;  /* for the end of the first of `empties`, if any */
    unsigned uploads;                 /* tasks under way that task_counts_as_upload() counted */
    void (*uploads_ended)(void *arg); /* called when the last upload has ended; or NULL */
    void *uploads_arg;
};

/* The login of the token's account; "" if the token has no account (an app's token). */
static inline const char *tree_login(const struct tree *tree)
{
    return tree->login;
}

#endif
