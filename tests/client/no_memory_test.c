/*
 * The tree without memory: what is lost by that is told.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client_fixture.h"
#include "nodes/node.h"
#include "nodes/presence.h"
#include "nodes/tree.h"
#include "sync/policy.h"
#include "sync/selection_apply.h"
#include "tree/operations.h"
#include "tree/value_file.h"

static bool no_memory;
static unsigned copies_until_none; /* of texts; 0: there is memory for all */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return no_memory ? NULL : __real_calloc(count, size);
}

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

char *__wrap_strdup(const char *text)
{
    if (copies_until_none == 1)
        return NULL;
    copies_until_none -= copies_until_none > 0;
    return __real_strdup(text);
}

static const struct tree_options options = {.timeout_ms = 10000, .max_requests = 4};

static void opened(struct task *task, int err)
{
    (void)task;
    assert_int_equal(err, 0);
}

/* The node of that path, whose names are made where they are not there. */
static struct node *make(struct tree *tree, const char *path)
{
    struct node *node = tree->whole;
    char *names = strdup(path), *rest = names;

    for (char *name; (name = strsep(&rest, "/"));) {
        struct node *dir = node;
        node = node_fixed_child(&tree->nodes, dir, name);
        if (!node) {
            node = node_new(&tree->nodes, dir->kind->child, dir, name);
            assert_non_null(node);
            assert_int_equal(directory_add(dir, node), 0);
            presence_pending(node);
            presence_seen(node);
            node->listed = true;
            node->references--;
        }
    }
    free(names);
    return node;
}

/* "N", open with a value written to it. */
static struct open_file *open_written(struct tree *tree)
{
    struct open_file *file = NULL;
    struct task task;
    const uint64_t start = 0;

    task_init(&task, tree, make(tree, "repos/acme/web/actions/secrets/N"), "open", opened);
    task.tid = getpid();
    value_file_open(&task, task.node, O_WRONLY, &file);
    assert_non_null(file);
    task_init(&task, tree, file->node, "write", opened);
    task.tid = getpid();
    open_file_write(&task, file, "v", 1, &start);
    return file;
}

/* The kernel lets go of a file, and nobody is left to hear that its value cannot be sent. */
static void test_what_a_release_cannot_send_is_told(void **state)
{
    struct client *client = *state;
    struct tree *tree;
    struct buffer errors;

    assert_int_equal(tree_new(client->loop, client->github, &options, &tree), 0);
    struct open_file *file = open_written(tree);
    no_memory = true;
    file->type->release(file);
    no_memory = false;
    assert_null(tree->open_files);
    buffer_init(&errors, 1 << 16);
    assert_int_equal(failures_read(&tree->failures, &errors), 0);
    assert_non_null(errors.data);
    assert_non_null(strstr(errors.data, " write repos/acme/web/actions/secrets/N: ENOMEM"));
    buffer_release(&errors);
    tree_free(tree);
}

static int changed_err;

static void changed(void *arg, const struct failure *why)
{
    changed_err = why ? why->err : 0;
    task_cancel(arg);
}

/* Changes a list that is held, with memory for so many copies of names less one. */
static int change_held(
    struct tree *tree, struct node *policy_node, const char *text, unsigned copies)
{
    struct entries entries;
    struct list_problem problem;
    struct task task;

    assert_int_equal(entries_parse(text, strlen(text), 1, "acme", &entries, &problem), 0);
    task_init(&task, tree, policy_node, "write", NULL);
    copies_until_none = copies;
    selection_apply(&task, policy_node, &entries, false, changed, &task);
    copies_until_none = 0;
    return changed_err;
}

static struct node *hold_policy(struct tree *tree)
{
    struct node *policy_node = make(tree, "orgs/acme/actions/access/N");

    assert_int_equal(policy_prepare(tree, policy_node), 0);
    repository_ids_add(&tree->repository_ids, "acme/api", 1);
    repository_ids_add(&tree->repository_ids, "acme/docs", 2);
    repository_ids_add(&tree->repository_ids, "acme/web", 3);
    return policy_node;
}

static void assert_holds(const struct node *policy_node, const char *expected)
{
    struct buffer text;
    buffer_init(&text, 1 << 10);
    assert_int_equal(selection_write(&policy_node->policy->selection, &text), 0);
    assert_non_null(text.data);
    assert_string_equal(text.data, expected);
    buffer_release(&text);
}

static void test_a_held_list_changes_as_a_whole(void **state)
{
    static const char *const changes[][2] = {{"+docs\n-api\n+web\n", "acme/docs\nacme/web\n"},
        {"web\ndocs\n", "acme/docs\nacme/web\n"}};
    struct client *client = *state;
    struct tree *tree;

    assert_int_equal(tree_new(client->loop, client->github, &options, &tree), 0);
    struct node *policy_node = hold_policy(tree);
    for (size_t i = 0; i < LENGTH(changes); i++) {
        assert_int_equal(change_held(tree, policy_node, "api\n", 0), 0);
        for (unsigned copies = 1; copies <= 2; copies++) {
            assert_int_equal(change_held(tree, policy_node, changes[i][0], copies), -ENOMEM);
            assert_holds(policy_node, "acme/api\n");
        }
        assert_int_equal(change_held(tree, policy_node, changes[i][0], 0), 0);
        assert_holds(policy_node, changes[i][1]);
    }
    tree_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(test_what_a_release_cannot_send_is_told),
        CLIENT_TEST(test_a_held_list_changes_as_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
