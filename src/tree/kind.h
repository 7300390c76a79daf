/*
 * What there is in the tree: a kind is one row of one table. Adding a place is a row, not an
 * edit in every operation.
 *
 * The path in the mount is the path in the REST API (contract §2.1), so most rows need no more
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
struct task;

enum kind_id {
    KIND_NONE,
    KIND_ROOT,
    KIND_OWNERS,             /* repos */
    KIND_OWNER,              /* repos/OWNER */
    KIND_REPOSITORY,         /* repos/OWNER/REPO */
    KIND_REPOSITORY_STORE,   /* repos/OWNER/REPO/actions */
    KIND_REPOSITORY_SECRETS, /* repos/OWNER/REPO/actions/secrets */
    KIND_SECRET,
    KIND_STAGING,             /* beside secrets: what tools will rename */
    KIND_BULK,                /* beside secrets: .env */
    KIND_ENVIRONMENTS,        /* repos/OWNER/REPO/environments */
    KIND_ENVIRONMENT,         /* repos/OWNER/REPO/environments/ENV */
    KIND_ENVIRONMENT_SECRETS, /* repos/OWNER/REPO/environments/ENV/secrets */
    KIND_LINKS,               /* repos/OWNER/REPO/actions/organization-secrets */
    KIND_LINK,
    KIND_ORGANIZATIONS,        /* orgs */
    KIND_ORGANIZATION,         /* orgs/ORG */
    KIND_ORGANIZATION_STORE,   /* orgs/ORG/actions */
    KIND_ORGANIZATION_SECRETS, /* orgs/ORG/actions/secrets */
    KIND_ACCESS,               /* orgs/ORG/actions/access */
    KIND_POLICY,               /* orgs/ORG/actions/access/NAME */
    KIND_VISIBILITY,
    KIND_SELECTION,
    KIND_REPORTS, /* .ghsecretfs */
    KIND_ERRORS,
    KIND_STATUS,
};

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
    enum kind_id kind;
};

struct kind {
    enum node_type type;
    mode_t mode;      /* permission bits, before umask */
    const char *what; /* for messages: "the repository" */
    const struct fixed_child *fixed;

    /* Of directories that the API fills; zero elsewhere. */
    enum kind_id child;
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

    /* Instead of a listing of its own. */
    void (*lookup)(struct task *task);
    void (*list)(struct task *task);
    /* Of what is there only at times: is it, in this directory? */
    bool (*present)(const struct node *dir);

    /* Of reports: writes what a reader gets. */
    int (*report)(struct tree *tree, struct buffer *ret);
};

const struct kind *kind_get(enum kind_id id);

#endif
