/* The directory `access` has a directory for each secret of the organization, and for each
 * policy that was prepared for a secret that does not exist yet. */
#include "tree/access_dirs.h"

#include <errno.h>

#include "nodes/node.h"
#include "nodes/presence.h"
#include "nodes/tree.h"
#include "sync/listing.h"
#include "sync/policy.h"
#include "tree/operations.h"

/* The directory of secrets, or NULL without memory. `access` references that directory, so that
 * the listing of the secrets stays even when nobody has looked at them. */
static struct node *secrets_beside(struct task *task)
{
    struct node *access = task->node;
    if (!access->beside) {
        struct node *secrets =
            node_fixed_child(&task->tree->nodes, access->parent, access->kind->beside);
        access->beside = secrets ? node_ref(secrets) : NULL;
    }
    return access->beside;
}

void access_idle(struct nodes *nodes, struct node *access)
{
    struct node *beside = access->beside;

    if (!beside)
        return;
    access->beside = NULL;
    access->references++; /* else the unref may free the common parent and `access` */
    node_unref(nodes, beside);
    access->references--;
}

static const char *noun_of(struct task *task)
{
    const struct node *secrets = secrets_beside(task);
    return secrets ? kind_noun(secrets->kind) : "file";
}

static struct node *find_secret(struct task *task)
{
    struct node *secrets = secrets_beside(task);
    return secrets ? directory_find_here(secrets, task->name) : NULL;
}

/* The node access/NAME, made on first use; NULL without memory. */
static struct node *policy_node(struct tree *tree, struct node *access, const char *name)
{
    struct node *node = directory_find(access, name);
    if (node)
        return node;
    return node_make_child(&tree->nodes, access->kind->child, access, name);
}

static void answer(struct task *task)
{
    struct node *secret = find_secret(task);
    struct node *node = directory_find(task->node, task->name);

    if (secret)
        node = policy_node(task->tree, task->node, secret->name);
    else if (node && !policy_is_held(node))
        node = NULL;
    if (!secret && !node) {
        task_fail_with(
            task, -ENOENT, "no such %s, and no policy prepared for one", noun_of(task));
        return;
    }
    if (!node) {
        task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
        return;
    }
    node->listed = true;
    task->result = node;
    task_finish(task);
}

/* Goes on with next() once the listing of the secrets is at hand. */
static void want_secrets(
    struct task *task, struct node *secrets, void (*next)(struct task *task))
{
    if (secrets)
        task_then(task, next, listing_want(task->tree, secrets, &task->wait));
    else
        task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
}

void access_lookup(struct task *task)
{
    const struct node *node = directory_find(task->node, task->name);
    struct node *secrets = secrets_beside(task);
    bool is_held = node && policy_is_held(node);

    if (is_held || (secrets && !kind_may_have(secrets->kind, task->name)))
        answer(task);
    else
        want_secrets(task, secrets, answer);
}

/* `repositories` is there while the visibility of the secret is `selected`; and what is prepared
 * is void once another client has made the secret. */
void policy_lookup(struct task *task)
{
    if (policy_is_firm(task->node) || strcmp(task->name, "repositories") != 0)
        tree_lookup_fixed(task);
    else
        want_secrets(task, policy_secrets(task->tree, task->node), tree_lookup_fixed);
}

void policy_list(struct task *task)
{
    if (policy_is_firm(task->node))
        task_finish(task);
    else
        want_secrets(task, policy_secrets(task->tree, task->node), task_finish);
}

/* Marks as listed the policies that readdir shows. 0 or -ENOMEM. */
static int fill(struct task *task)
{
    struct node *access = task->node;
    struct node *secrets = secrets_beside(task);

    for (struct node *c = directory_first(access); c; c = directory_next(c))
        c->listed = policy_is_held(c);
    for (struct node *s = secrets ? directory_first(secrets) : NULL; s; s = directory_next(s)) {
        if (!tree_is_shown(s) || !node_is_from_api(s))
            continue;
        struct node *node = policy_node(task->tree, access, s->name);
        if (!node)
            return -ENOMEM;
        node->listed = true;
    }
    return 0;
}

static void listed(struct task *task)
{
    int err = fill(task);

    if (err)
        task_fail_errno(task, err, strerror(-err));
    else
        task_finish(task);
}

void access_list(struct task *task)
{
    want_secrets(task, secrets_beside(task), listed);
}

static void prepare(struct task *task)
{
    struct tree *tree = task->tree;
    struct node *node = directory_find(task->node, task->name);

    if (find_secret(task) || (node && policy_is_held(node))) {
        task_fail_with(task, -EEXIST, "there is such a %s or policy", noun_of(task));
        return;
    }
    name_to_upper(task->name);
    node = policy_node(tree, task->node, task->name);
    if (!node || policy_prepare(tree, node) != 0) {
        task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
        return;
    }
    node->listed = true;
    task->result = node;
    task_finish(task);
}

void access_mkdir(struct task *task)
{
    struct node *secrets = secrets_beside(task);
    const char *problem =
        secrets ? secrets->kind->store->name_problem(task->name) : strerror(ENOMEM);

    if (problem)
        task_fail_errno(task, secrets ? -EINVAL : -ENOMEM, problem);
    else /* the listing tells whether the secret exists, and whether the organization does */
        want_secrets(task, secrets, prepare);
}

void access_rmdir(struct task *task)
{
    struct tree *tree = task->tree;
    struct node *node = directory_find(task->node, task->name);

    if (!node) {
        task_fail_errno(task, -ENOENT, "no such policy");
        return;
    }
    if (!policy_is_held(node)) {
        task_fail_errno(task, -EPERM, "the policy is the server's: there is nothing to drop");
        return;
    }
    /* The kernel will not use this inode again, so a policy of that name is a new node. */
    node_ref(node);
    policy_drop(tree, node);
    presence_gone(&tree->nodes, node);
    node_unref(&tree->nodes, node);
    task_finish(task);
}
