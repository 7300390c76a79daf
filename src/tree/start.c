/* Makes the tree, sets its root, checks the token, and frees the tree. */
#include "nodes/tree.h"

#include <errno.h>

#include "base/container.h"
#include "github/call.h"
#include "nodes/empty.h"
#include "nodes/node.h"
#include "sync/listing.h"
#include "sync/policy.h"
#include "sync/remove.h"
#include "tree/operations.h"
#include "tree/places.h"

#define REPORTS_NAME ".ghsecretfs"

int tree_new(struct loop *loop, struct github *github, const struct tree_options *options,
    struct tree **ret)
{
    struct tree *tree = calloc(1, sizeof *tree);
    if (!tree)
        return -ENOMEM;
    tree->loop = loop;
    tree->github = github;
    tree->failures.github = github;
    tree->options = *options;
    nodes_init(&tree->nodes);
    tree->nodes.free_listing = listing_free;
    tree->nodes.forget_empty = empty_forget;
    tree->nodes.entry_seen = policy_secret_seen;
    tree->whole = node_new(&tree->nodes, &place_root, NULL, "");
    tree->root = tree->whole ? node_ref(tree->whole) : NULL;
    tree->login = strdup("");
    /* The parent of the reports becomes the mount's root in tree_use_root(). */
    tree->reports =
        tree->whole ? node_new(&tree->nodes, &place_reports, tree->whole, REPORTS_NAME) : NULL;
    if (!tree->reports || !tree->login) {
        tree_free(tree);
        return -ENOMEM;
    }
    *ret = tree;
    return 0;
}

static void tell_lost(struct tree *tree, const struct node *dir)
{
    for (struct node *child = directory_first(dir); child; child = directory_next(child)) {
        if (child->kind->type->lost)
            child->kind->type->lost(tree, child);
        tell_lost(tree, child);
    }
}

void tree_free(struct tree *tree)
{
    if (!tree)
        return;
    open_files_close(tree); /* first: an upload may wait for a held DELETE to end */
    held_free_all(tree);
    if (tree->whole)
        tell_lost(tree, tree->whole);
    empty_forget_all(tree);
    if (tree->reports)
        nodes_free_tree(&tree->nodes, tree->reports);
    if (tree->whole)
        nodes_free_tree(&tree->nodes, tree->whole);
    nodes_release(&tree->nodes);
    repository_ids_release(&tree->repository_ids);
    failures_release(&tree->failures);
    free(tree->login);
    free(tree);
}

/* The request for the account of the token. */
struct token_check {
    struct cleanup cleanup; /* of the task */
    struct task *task;
    struct call *call;
};

static void token_check_undo(struct cleanup *cleanup)
{
    struct token_check *check = CONTAINER_OF(cleanup, struct token_check, cleanup);
    call_cancel(check->call);
    free(check);
}

static void have_user(void *arg, const struct failure *why, const struct row *row)
{
    struct token_check *check = arg;
    struct task *task = check->task;
    struct tree *tree = task->tree;

    check->call = NULL;
    /* The token of an app has no account: "Resource not accessible by integration". */
    if (why && why->status == 403 && strcasestr(why->message, "integration")) {
        task_finish(task);
        return;
    }
    if (why) {
        task_fail(task, why);
        return;
    }
    char *login = strdup(row->name);
    if (!login) {
        task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
        return;
    }
    free(tree->login);
    tree->login = login;
    task_finish(task);
}

void tree_check_token(struct task *task)
{
    struct token_check *check = calloc(1, sizeof *check);
    int err = -ENOMEM;

    if (check) {
        check->task = task;
        check->cleanup.undo = token_check_undo;
        cleanup_push(&task->cleanups, &check->cleanup);
        err = call_get_user(
            task->tree->github, task->deadline_ms, have_user, check, &check->call);
    }
    if (err)
        task_fail_errno(task, err, strerror(-err));
}

void tree_use_root(struct tree *tree, struct node *node)
{
    struct node *old = tree->root;
    tree->root = node_ref(node);
    tree->reports->parent = node_ref(node);
    node_unref(&tree->nodes, old); /* as the root */
    node_unref(&tree->nodes, old); /* as the reports' parent */
}

void tree_send_held(struct tree *tree)
{
    held_send_all(tree);
}
