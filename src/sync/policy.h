/*
 * Who may use an organization's secret: the policy access/NAME. What the server says is in the
 * node of the secret. What was written to access/NAME waits for the next PUT of the secret's
 * value in a `struct policy`, since the API changes the visibility only together with a value
 * (contract §4.1).
 */
#ifndef GHSECRETFS_POLICY_H
#define GHSECRETFS_POLICY_H

#include "github/call.h"
#include "github/list.h"
#include "nodes/node.h"
#include "sync/selection.h"

struct tree;

/* What waits for a PUT: node->policy of access/NAME, a node that the struct references. Nothing
 * of a policy undoes what another client has done, unless a person wrote so: what mkdir
 * prepared is for the PUT that creates the secret, and lines with a sign change the list that
 * the server has at the PUT (contract §4.3, §4.4). */
struct policy {
    bool prepared;    /* by mkdir, for a secret that does not exist yet */
    bool was_written; /* while it is prepared: a person wrote a word or a list */
    bool was_sent;    /* while it is prepared: a PUT was sent with the present policy */
    enum visibility visibility; /* sent with the PUT */
    /* With VISIBILITY_SELECTED: */
    bool replaces;              /* a list was written: `selection`, whatever the server has */
    struct selection selection; /* otherwise what the PUT adds to the server's list, */
    struct selection removed;   /* and what the PUT takes out */
    unsigned generation;        /* of the last change: no two changes have one number */
    int64_t created_at;         /* of the secret that the policy is held for; -1: not known */
};

/* The directory of secrets beside `access`, for access/NAME. NULL without memory. */
struct node *policy_secrets(struct tree *tree, const struct node *policy_node);
/* The secret NAME, if it exists as far as is known; else NULL. */
struct node *policy_secret(struct tree *tree, const struct node *policy_node);
/* The node access/NAME of a secret, if there is such a node; else NULL. */
struct node *policy_of_secret(const struct node *secret);

/* How long the server's policy of a secret is believed: as long as a program needs from its
 * lookup before open to the PUT, and less than a listing, since a PUT sends the policy again,
 * and would undo what another client changed meanwhile. */
#define POLICY_TRUST_MS 1000
/* Did the server tell within POLICY_TRUST_MS (and cache_ttl) what the policy of the secret is,
 * or that there is no such secret? Sets `*ret_age_ms` to how long ago the server told. */
bool policy_was_seen(const struct tree *tree, const struct node *secret, uint64_t *ret_age_ms);

/* What the file access/NAME/visibility reads as: the visibility that waits for a PUT, or else
 * the server's. VISIBILITY_NONE if neither is known. */
enum visibility policy_visibility(const struct node *policy_node);

/* Is the policy prepared or held, so that it waits for a PUT? */
bool policy_is_held(const struct node *policy_node);
/* Is the policy held for a secret that exists, so that its word counts whatever the server has?
 */
bool policy_is_firm(const struct node *policy_node);
/* Does a PUT of the secret send the server's list of repositories, with the changes of `held`
 * (or NULL)? `secret` may be NULL. */
bool policy_keeps_list(const struct policy *held, const struct node *secret);

/* Holds a visibility until the next PUT of the secret; drops the policy if the server already
 * has that visibility. 0 or -ENOMEM. */
int policy_hold(
    struct tree *tree, struct node *policy_node, enum visibility visibility) WARN_UNUSED;
/* Prepares the policy of a secret that does not exist, with the mount's `visibility`. 0 or
 * -ENOMEM. */
int policy_prepare(struct tree *tree, struct node *policy_node) WARN_UNUSED;
/* Changes the list of what is prepared or held: adds `plus` and takes out `minus`, which have
 * nothing in common; or, with `replaces`, makes the list `plus`. 0 or -ENOMEM. */
int policy_hold_list(struct tree *tree, struct node *policy_node, const struct selection *plus,
    const struct selection *minus, bool replaces) WARN_UNUSED;
/* Drops what is prepared or held, if anything is, which may free the node: the policy was sent,
 * or is not wanted any more. */
void policy_drop(struct tree *tree, struct node *policy_node);
/* A PUT of `secret` was stored, with the policy of that generation, or 0: drops that policy.
 * What was written since then waits for the next PUT. */
void policy_stored(struct tree *tree, const struct node *secret, unsigned generation);
/* The nodes.entry_seen: drops what was prepared for `secret`, with a line in `errors` if a
 * person wrote any of that; a held word that the server has; and what was held for an earlier
 * secret of the name. */
void policy_secret_seen(struct nodes *nodes, const struct node *secret);
/* The server no longer has `secret`: drops the policy that is held for the secret, if any. A
 * policy that was prepared stays, since it is for a secret that is yet to be created. */
void policy_outlived(struct tree *tree, const struct node *secret);

/* The file_type.release of access/NAME. */
void policy_release(struct node *policy_node);
/* As file_type.lost. */
void policy_lost(struct tree *tree, struct node *policy_node);

/* Initializes `ret` with the API's path of the selected repositories of the secret `name` in
 * the directory `secrets`. 0 or -errno; the caller releases `ret` in both cases. */
int policy_selection_path(
    const struct node *secrets, const char *name, struct buffer *ret) WARN_UNUSED;

/* Asks the API for the selected repositories of the secret `name` in the directory `secrets`;
 * `done`, `arg` and `ret` are as for list_start(). 0 or -errno. */
int policy_fetch_selected(const struct tree *tree, const struct node *secrets, const char *name,
    uint64_t deadline_ms, list_done *done, void *arg, struct list **ret) WARN_UNUSED;

#endif
