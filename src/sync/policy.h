/*
 * Who may use an organization's secret, as `access/NAME` has it: what the server says, and what
 * was written here and waits for the next PUT of the value, since the API changes visibility
 * only together with one (contract §4.1).
 */
#ifndef GHSECRETFS_POLICY_H
#define GHSECRETFS_POLICY_H

#include "github/call.h"
#include "github/list.h"
#include "nodes/node.h"
#include "sync/selection.h"

struct tree;

/* Of the directory access/NAME: node->policy. */
struct policy {
    bool prepared;              /* by mkdir, for a secret that does not exist yet */
    enum visibility visibility; /* that waits for a PUT; VISIBILITY_NONE: none does */
    struct selection selection; /* with VISIBILITY_SELECTED */
    unsigned generation;        /* of the last change: no other policy has the same */
};

/* The directory of secrets that goes with access/NAME. */
struct node *policy_secrets(struct tree *tree, const struct node *policy_node);
/* The secret itself, if it is there. */
struct node *policy_secret(struct tree *tree, const struct node *policy_node);
/* The node access/NAME that goes with a secret, if it is known; else NULL. */
struct node *policy_of_secret(const struct node *secret);

/* From the lookup before an open to the PUT: not as long as a listing is believed. What another
 * hand changes must not be undone. */
#define POLICY_TRUST_MS 1000
/* Was it seen so recently who may use the secret, or that there is none of that name? Sets its
 * age, whatever that is. */
bool policy_was_seen(const struct tree *tree, const struct node *secret, uint64_t *ret_age_ms);

/* What `visibility` reads as. VISIBILITY_NONE when nothing is known. */
enum visibility policy_visibility(const struct node *policy_node);

/* Is anything of it waiting for a PUT? */
bool policy_is_held(const struct node *policy_node);

/* Holds a visibility. 0 or -ENOMEM. */
int policy_hold(
    struct tree *tree, struct node *policy_node, enum visibility visibility) WARN_UNUSED;
/* Prepares one. 0 or -ENOMEM. */
int policy_prepare(struct tree *tree, struct node *policy_node) WARN_UNUSED;
/* It was used, or is not wanted any more. The node may be freed by that. */
void policy_drop(struct tree *tree, struct node *policy_node);
/* The server has the secret no more: drops what was held for it. What was prepared stays, being
 * for a secret to come. */
void policy_outlived(struct tree *tree, const struct node *secret);

/* As file_type.release. */
void policy_release(struct node *policy_node);

/* Makes the API's path of the selected repositories of the secret of that name, in that
 * directory of secrets. 0 or -errno; the buffer is to be released either way. */
int policy_selection_path(
    const struct node *secrets, const char *name, struct buffer *ret) WARN_UNUSED;

/* Fetches those repositories: see list_start(). 0 or -errno. */
int policy_fetch_selected(const struct tree *tree, const struct node *secrets, const char *name,
    uint64_t deadline_ms, list_done *done, void *arg, struct list **ret) WARN_UNUSED;

#endif
