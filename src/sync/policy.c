#include "sync/policy.h"

#include <errno.h>

#include "base/container.h"
#include "github/url.h"
#include "nodes/failures.h"
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
    const struct node *secrets =
        directory_find(policy_node->parent->parent, policy_node->parent->kind->beside);
    const struct node *secret =
        secrets ? directory_find_here(secrets, policy_node->name) : NULL;
    if (policy && !(policy->prepared && secret))
        return policy->visibility;
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

bool policy_is_firm(const struct node *policy_node)
{
    const struct policy *policy = node_policy(policy_node);
    return policy && !policy->prepared;
}

bool policy_keeps_list(const struct policy *held, const struct node *secret)
{
    return secret && secret->visibility == VISIBILITY_SELECTED &&
           (!held || (held->visibility == VISIBILITY_SELECTED && !held->replaces));
}

static void forget_list(struct policy *policy)
{
    selection_release(&policy->selection);
    selection_release(&policy->removed);
    policy->replaces = false;
}

static void policy_free(struct policy *policy)
{
    if (!policy)
        return;
    forget_list(policy);
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
        if (!policy_node->policy)
            return NULL;
        policy_node->policy->created_at = -1;
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

/* Is the policy nothing but a word that the server has? */
static bool holds_nothing(const struct policy *policy, const struct node *secret)
{
    bool has_list =
        policy->replaces || policy->selection.count > 0 || policy->removed.count > 0;
    return !policy->prepared && policy->visibility == secret->visibility && !has_list;
}

/* When the secret was created, as the server says; -1: the server has not said so yet. */
static int64_t created_at(const struct node *secret)
{
    return secret->row_time ? secret->btime : -1;
}

/* Is the policy held for an earlier secret of the name, which was removed? */
static bool is_for_another(struct policy *policy, const struct node *secret)
{
    if (policy->created_at < 0)
        policy->created_at = created_at(secret);
    return policy->created_at >= 0 && policy->created_at < created_at(secret);
}

/* What was prepared is for a secret that did not exist. The secret that the server has is
 * another client's work, or that of a PUT without an answer. */
static void overtake(struct tree *tree, struct node *policy_node, const struct node *secret)
{
    const struct policy *policy = node_policy(policy_node);
    struct failure why;

    if (policy->was_written &&
        !(policy->was_sent && policy->visibility == secret->visibility)) {
        failure_set(&why, -EEXIST,
            "what was prepared is dropped: by now there is such a %s, which keeps who may use "
            "it",
            kind_noun(secret->parent->kind));
        failures_add_at(&tree->failures, "mkdir", policy_node, "", &why);
    }
    policy_drop(tree, policy_node);
}

/* access/NAME, if anything is prepared or held for the secret; else NULL. */
static struct node *held_for(const struct node *secret)
{
    struct node *policy_node =
        secret->parent->kind->store->has_policy ? policy_of_secret(secret) : NULL;
    return policy_node && policy_is_held(policy_node) ? policy_node : NULL;
}

void policy_secret_seen(struct nodes *nodes, const struct node *secret)
{
    struct tree *tree = CONTAINER_OF(nodes, struct tree, nodes);
    struct node *policy_node = held_for(secret);

    if (!policy_node)
        return;
    if (node_policy(policy_node)->prepared)
        overtake(tree, policy_node, secret);
    else if (is_for_another(node_policy(policy_node), secret) ||
             (!secret->busy && holds_nothing(node_policy(policy_node), secret)))
        policy_drop(tree, policy_node);
}

void policy_stored(struct tree *tree, const struct node *secret, unsigned generation)
{
    struct node *policy_node = held_for(secret);
    struct policy *policy = policy_node ? node_policy(policy_node) : NULL;

    if (!policy)
        return;
    bool is_void = policy->prepared && !policy->was_written;
    policy->prepared = false;
    if (is_void || policy->generation == generation || holds_nothing(policy, secret))
        policy_drop(tree, policy_node);
}

void policy_outlived(struct tree *tree, const struct node *secret)
{
    struct node *policy_node = held_for(secret);
    if (policy_node && !node_policy(policy_node)->prepared)
        policy_drop(tree, policy_node);
}

static void note_written(struct tree *tree, struct policy *policy)
{
    policy->was_written = true;
    policy->was_sent = false;
    policy->generation = ++tree->policy_changes;
}

int policy_hold(struct tree *tree, struct node *policy_node, enum visibility visibility)
{
    const struct node *secret = policy_secret(tree, policy_node);
    struct policy *policy = node_policy(policy_node);

    if (policy && policy->visibility == visibility) {
        policy->was_written = true;
        if (secret && !secret->busy && holds_nothing(policy, secret))
            policy_drop(tree, policy_node);
        return 0;
    }
    /* A word that the server has already holds nothing (contract §4.1), unless a PUT that is
     * under way gives the server another one. */
    if (secret && !secret->busy && secret->visibility == visibility) {
        policy_drop(tree, policy_node);
        return 0;
    }
    policy = policy_make(policy_node);
    if (!policy)
        return -ENOMEM;
    if (visibility != VISIBILITY_SELECTED)
        forget_list(policy);
    policy->visibility = visibility;
    if (secret)
        policy->created_at = created_at(secret);
    note_written(tree, policy);
    return 0;
}

int policy_hold_list(struct tree *tree, struct node *policy_node, const struct selection *plus,
    const struct selection *minus, bool replaces)
{
    static const struct selection none = {0};
    struct policy *policy = node_policy(policy_node);
    struct selection selection, removed = {0};

    int err = selection_change(replaces ? &none : &policy->selection, plus, minus, &selection);
    if (!err && !replaces)
        err = selection_change(&policy->removed, minus, plus, &removed);
    if (err) {
        selection_release(&selection);
        return err;
    }
    selection_sort(&selection);
    replaces |= policy->replaces;
    forget_list(policy);
    policy->replaces = replaces;
    policy->selection = selection;
    policy->removed = removed;
    note_written(tree, policy);
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
