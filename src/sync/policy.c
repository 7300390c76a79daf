#include "sync/policy.h"

#include <errno.h>

#include "github/url.h"
#include "nodes/node.h"
#include "nodes/tree.h"
#include "sync/listing.h"

/* From access/NAME up to `access` and `actions`, and down to `secrets`. */
struct node *policy_secrets(struct tree *tree, const struct node *policy_node)
{
    return node_fixed_child(
        &tree->nodes, policy_node->parent->parent, policy_node->parent->kind->beside);
}

struct node *policy_secret(struct tree *tree, const struct node *policy_node)
{
    struct node *secrets = policy_secrets(tree, policy_node);
    return secrets ? directory_find_here(secrets, policy_node->name) : NULL;
}

struct node *policy_of_secret(const struct node *secret)
{
    const struct node *store = secret->parent->parent;
    const char *beside = secret->parent->kind->beside;
    struct node *access = store && beside ? directory_find(store, beside) : NULL;
    return access ? directory_find(access, secret->name) : NULL;
}

enum visibility policy_visibility(const struct node *policy_node)
{
    const struct policy *policy = node_policy(policy_node);
    if (policy && policy->visibility)
        return policy->visibility;
    const struct node *secrets =
        directory_find(policy_node->parent->parent, policy_node->parent->kind->beside);
    const struct node *secret =
        secrets ? directory_find_here(secrets, policy_node->name) : NULL;
    return secret ? secret->visibility : VISIBILITY_NONE;
}

bool policy_was_seen(const struct tree *tree, const struct node *secret, uint64_t *ret_age_ms)
{
    uint64_t age_ms = loop_now_ms() - secret->policy_seen_ms;
    uint64_t listing_age_ms = listing_age(tree, secret->parent);
    *ret_age_ms = listing_age_ms < age_ms ? listing_age_ms : age_ms;
    return *ret_age_ms < tree->options.cache_ttl_ms && *ret_age_ms < POLICY_TRUST_MS;
}

bool policy_is_held(const struct node *policy_node)
{
    return node_policy(policy_node) != NULL;
}

static void policy_free(struct policy *policy)
{
    if (!policy)
        return;
    selection_release(&policy->selection);
    free(policy);
}

void policy_release(struct node *policy_node)
{
    policy_free(node_policy(policy_node));
}

void policy_lost(struct tree *tree, struct node *policy_node)
{
    const struct policy *policy = node_policy(policy_node);
    struct failure why;

    if (!policy)
        return;
    failure_set(&why, -ECANCELED, "lost: the mount ended before a value was stored with it");
    failures_add_at(&tree->failures, policy->prepared ? "mkdir" : "write", policy_node,
        policy->prepared ? "" : "visibility", &why);
}

/* The policy references its node, since the kernel may forget the node before the PUT. */
static struct policy *policy_make(struct node *policy_node)
{
    if (!node_policy(policy_node)) {
        policy_node->policy = calloc(1, sizeof *policy_node->policy);
        if (policy_node->policy)
            node_ref(policy_node);
    }
    return policy_node->policy;
}

void policy_drop(struct tree *tree, struct node *policy_node)
{
    if (!node_policy(policy_node))
        return;
    policy_free(node_policy(policy_node));
    policy_node->policy = NULL;
    node_unref(&tree->nodes, policy_node);
}

void policy_outlived(struct tree *tree, const struct node *secret)
{
    struct node *policy_node =
        secret->parent->kind->store->has_policy ? policy_of_secret(secret) : NULL;
    if (policy_node && policy_is_held(policy_node) && !node_policy(policy_node)->prepared)
        policy_drop(tree, policy_node);
}

int policy_hold(struct tree *tree, struct node *policy_node, enum visibility visibility)
{
    const struct node *secret = policy_secret(tree, policy_node);

    /* A word that the server has already holds nothing (contract §4.1). */
    if (secret && secret->visibility == visibility) {
        policy_drop(tree, policy_node);
        return 0;
    }
    struct policy *policy = policy_make(policy_node);
    if (!policy)
        return -ENOMEM;
    if (visibility != VISIBILITY_SELECTED)
        selection_release(&policy->selection);
    policy->visibility = visibility;
    policy->generation = ++tree->policy_changes;
    return 0;
}

int policy_prepare(struct tree *tree, struct node *policy_node)
{
    struct policy *policy = policy_make(policy_node);
    if (!policy)
        return -ENOMEM;
    policy->prepared = true;
    policy->generation = ++tree->policy_changes;
    policy->visibility = tree->options.visibility;
    return 0;
}

int policy_selection_path(const struct node *secrets, const char *name, struct buffer *ret)
{
    const char *names[] = {name, "repositories"};
    return node_api_path_below(secrets, names, 2, ret);
}

int policy_fetch_selected(const struct tree *tree, const struct node *secrets, const char *name,
    uint64_t deadline_ms, list_done *done, void *arg, struct list **ret)
{
    struct buffer path;
    int err = policy_selection_path(secrets, name, &path);
    if (!err)
        err = list_start(
            tree->github, path.data, ROW_SELECTED, NULL, deadline_ms, done, arg, ret);
    buffer_release(&path);
    return err;
}
