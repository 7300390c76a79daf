/*
 * The tree of secrets: what is known of it, and what is under way in it.
 */
#ifndef GHSECRETFS_TREE_H
#define GHSECRETFS_TREE_H

#include "base/loop.h"
#include "github/github.h"
#include "nodes/failures.h"
#include "nodes/node.h"
#include "nodes/repository_ids.h"
#include "nodes/value.h"

struct empty;
struct held;
struct open_file;

struct tree_options {
    const char *host;         /* for `status` */
    const char *token_origin; /* for `status`: where the token comes from, not the token */
    const char *replacers;    /* programs that replace by unlink and create, beside those that
                               * are known: names with colons between; or NULL */
    uint64_t cache_ttl_ms;
    uint64_t timeout_ms;   /* of one operation */
    unsigned max_requests; /* uploads of one bulk file at once */
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
    struct node *root;    /* the root of the mount */
    struct node *reports; /* .ghsecretfs */
    char *login;          /* empty: the token has none */
    struct open_file *open_files;
    struct repository_ids repository_ids;
    unsigned policy_changes;          /* so many */
    struct held *held;                /* DELETEs */
    struct empty *empties;            /* names made empty */
    struct loop_timer empties_timer;  /* the oldest one's end */
    unsigned uploads;                 /* under way */
    void (*uploads_ended)(void *arg); /* told when the last one has ended; or NULL */
    void *uploads_arg;
};

/* "" when the token has no account of its own (an app's token). */
static inline const char *tree_login(const struct tree *tree)
{
    return tree->login;
}

#endif
