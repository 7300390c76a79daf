/*
 * The tree without memory: what is lost by that is told.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/process.h"
#include "client_fixture.h"
#include "nodes/node.h"
#include "nodes/presence.h"
#include "nodes/staging.h"
#include "nodes/tree.h"
#include "sync/policy.h"
#include "sync/remove.h"
#include "sync/selection_apply.h"
#include "tree/operations.h"
#include "tree/value_file.h"

static bool no_memory;
static unsigned structs_until_none; /* 0: there is memory for all */
static bool no_tables;              /* of names */
static unsigned copies_until_none;  /* of texts; 0: there is memory for all */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    if (no_memory || structs_until_none == 1)
        return NULL;
    structs_until_none -= structs_until_none > 0;
    return __real_calloc(count, size);
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
    return no_tables ? NULL : __real_malloc(size);
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
            if (node->presence == NODE_PENDING)
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

static int ended_err;

static void ended(struct task *task, int err)
{
    (void)task;
    ended_err = err;
}

/* A write to `repositories` whose lines could not even be begun was refused, as a whole. */
static void test_a_write_without_memory_is_taken_back(void **state)
{
    const char *text;
    size_t len;
    struct client *client = *state;
    struct open_file *file = NULL;
    struct tree *tree;
    struct task task;

    assert_int_equal(tree_new(client->loop, client->github, &options, &tree), 0);
    struct node *policy_node = hold_policy(tree);
    task_init(&task, tree, node_fixed_child(&tree->nodes, policy_node, "repositories"), "open",
        opened);
    task.tid = getpid();
    tree_open(&task, O_WRONLY | O_APPEND, &file);
    assert_non_null(file);
    for (unsigned attempt = 0; attempt < 2; attempt++) {
        task_init(&task, tree, file->node, "write", ended);
        task.tid = getpid();
        no_memory = attempt == 0;
        open_file_write(&task, file, "+api\n", 5, NULL);
        no_memory = false;
        assert_int_equal(ended_err, attempt == 0 ? -ENOMEM : 0);
        file->type->text(file, &text, &len);
        assert_int_equal(len, attempt == 0 ? 0 : 5);
    }
    assert_holds(policy_node, "acme/api\n");
    tree_free(tree);
}

/* What the policy is for is not said to be absent because it could not be looked for. */
static void test_a_word_cannot_be_read_without_memory(void **state)
{
    struct client *client = *state;
    struct open_file *file = NULL;
    struct tree *tree;
    struct task task;

    assert_int_equal(tree_new(client->loop, client->github, &options, &tree), 0);
    struct node *policy_node = make(tree, "orgs/acme/actions/access/N");
    struct node *node = node_fixed_child(&tree->nodes, policy_node, "visibility");
    task_init(&task, tree, node, "open", ended);
    task.tid = getpid();
    structs_until_none = 2; /* one is for the opening itself */
    tree_open(&task, O_RDONLY, &file);
    structs_until_none = 0;
    assert_int_equal(ended_err, -ENOMEM);
    tree_free(tree);
}

static void settled(struct wait *wait)
{
    (void)wait;
}

/* The DELETE waits for its turn, and whoever creates the name anew waits for the DELETE. */
static void test_a_held_delete_is_sent_without_memory(void **state)
{
    char name[16];
    const struct tree_options holding = {
        .timeout_ms = 10000, .max_requests = 4, .replacers = name};
    struct client *client = *state;
    struct wait turn = {0}, removal = {.done = settled};
    struct tree *tree;
    struct task task;

    process_name(getpid(), name);
    assert_int_equal(tree_new(client->loop, client->github, &holding, &tree), 0);
    struct node *node = make(tree, "repos/acme/web/actions/secrets/N");
    task_init(&task, tree, node->parent, "unlink", ended);
    task.tid = getpid();
    tree_unlink(&task, "N");
    assert_int_equal(ended_err, 0);
    assert_int_equal(node->presence, NODE_HELD);
    assert_int_equal(node_take_turn(node, &turn), 0);
    no_memory = true;
    assert_int_equal(held_take(node, &removal), -EINPROGRESS);
    no_memory = false;
    assert_int_equal(node->presence, NODE_HELD);
    assert_int_equal(tree->uploads, 1);
    wait_leave(&removal);
    tree_free(tree);
}

/* Names enough that the table of a directory grows some times. */
#define MANY 600

static struct node *make_secret(struct tree *tree, struct node *dir, unsigned i)
{
    char name[16];
    snprintf(name, sizeof name, "N_%u", i);
    struct node *node = node_make_child(&tree->nodes, dir->kind->child, dir, name);
    if (node) {
        presence_seen(node);
        node->listed = true;
    }
    return node;
}

static void test_a_name_without_a_table_is_not_there(void **state)
{
    struct client *client = *state;
    struct tree *tree;
    unsigned failed = 0;

    assert_int_equal(tree_new(client->loop, client->github, &options, &tree), 0);
    struct node *dir = node_ref(make(tree, "repos/acme/web/actions/secrets"));
    for (unsigned i = 0; i < MANY; i++) {
        unsigned count = tree->nodes.count;
        no_tables = true;
        struct node *node = make_secret(tree, dir, i);
        no_tables = false;
        if (!node) {
            failed++;
            assert_int_equal(tree->nodes.count, count);
            node = make_secret(tree, dir, i);
        }
        assert_ptr_equal(directory_find(dir, node->name), node);
    }
    assert_in_range(failed, 2, MANY / 2);
    unsigned found = 0;
    for (const struct node *c = directory_first(dir); c; c = directory_next(c))
        found++;
    assert_int_equal(found, MANY);
    node_unref(&tree->nodes, dir);
    tree_free(tree);
}

static void test_a_held_name_is_not_lost_by_a_replacement(void **state)
{
    struct client *client = *state;
    struct tree *tree;
    unsigned failed = 0;

    assert_int_equal(tree_new(client->loop, client->github, &options, &tree), 0);
    struct node *dir = node_ref(make(tree, "repos/acme/web/actions/secrets"));
    for (unsigned i = 0; i < MANY; i++) {
        struct node *held = make_secret(tree, dir, i);
        char name[16];
        snprintf(name, sizeof name, "%s", held->name);
        presence_hide(held);
        no_tables = true;
        struct node *node = presence_replace(&tree->nodes, held);
        no_tables = false;
        failed += !node;
        if (!node)
            node = node_ref(held);
        assert_ptr_equal(directory_find(dir, name), node);
        presence_come_back(node);
        node->listed = true;
        node_unref(&tree->nodes, node);
    }
    assert_in_range(failed, 1, MANY / 2);
    assert_int_equal(dir->dir->entries, MANY);
    node_unref(&tree->nodes, dir);
    tree_free(tree);
}

/* Within a directory that fills, and to one that has no table yet. */
static void test_a_staging_file_keeps_its_name_without_a_table(void **state)
{
    struct client *client = *state;
    struct tree *tree;
    struct node *staged;
    unsigned failed = 0;
    char name[16] = ".first", next[16];

    assert_int_equal(tree_new(client->loop, client->github, &options, &tree), 0);
    struct node *dir = node_ref(make(tree, "repos/acme/web/actions/secrets"));
    struct node *other = node_ref(make(tree, "repos/acme/api/actions/secrets"));
    assert_non_null(directory_of(dir));
    assert_int_equal(staging_create(tree, dir, name, &staged), 0);
    for (unsigned i = 0; i < MANY; i++) {
        make_secret(tree, dir, i);
        snprintf(next, sizeof next, ".n%u", i);
        no_tables = true;
        int err = staging_move(&tree->nodes, staged, i % 8 ? dir : other, next, NULL);
        no_tables = false;
        failed += err == -ENOMEM;
        assert_true(err == 0 || err == -ENOMEM);
        assert_true(err == 0 ? i % 8 : true);
        if (err == 0)
            snprintf(name, sizeof name, "%s", next);
        assert_ptr_equal(directory_find(dir, name), staged);
        assert_string_equal(staged->name, name);
    }
    assert_in_range(failed, MANY / 8 + 1, MANY / 2);
    assert_int_equal(dir->dir->staging_files, 1);
    assert_int_equal(other->dir->staging_files, 0);
    assert_int_equal(staging_move(&tree->nodes, staged, other, ".last", NULL), 0);
    assert_ptr_equal(directory_find(other, ".last"), staged);
    assert_null(directory_find(dir, name));
    node_unref(&tree->nodes, dir);
    node_unref(&tree->nodes, other);
    tree_free(tree);
}

/* The target of a move is there until the move has succeeded. */
static void test_a_staging_file_is_not_replaced_without_a_table(void **state)
{
    struct client *client = *state;
    struct tree *tree;
    struct node *staged, *old;
    unsigned failed = 0;
    char name[16];

    assert_int_equal(tree_new(client->loop, client->github, &options, &tree), 0);
    struct node *dir = node_ref(make(tree, "repos/acme/web/actions/secrets"));
    assert_non_null(directory_of(dir));
    for (unsigned i = 0; i < MANY; i++) {
        make_secret(tree, dir, i);
        assert_int_equal(staging_create(tree, dir, ".staged", &staged), 0);
        snprintf(name, sizeof name, ".old%u", i);
        assert_int_equal(staging_create(tree, dir, name, &old), 0);
        no_tables = true;
        int err = staging_move(&tree->nodes, staged, dir, name, old);
        no_tables = false;
        failed += err == -ENOMEM;
        assert_ptr_equal(directory_find(dir, name), err ? old : staged);
        assert_ptr_equal(directory_find(dir, ".staged"), err ? staged : NULL);
        if (err)
            staging_remove(&tree->nodes, old);
        staging_remove(&tree->nodes, staged);
        assert_int_equal(dir->dir->staging_files, 0);
    }
    assert_in_range(failed, 1, MANY / 2);
    node_unref(&tree->nodes, dir);
    tree_free(tree);
}

static void test_keys_and_ids_need_a_table(void **state)
{
    struct client *client = *state;
    struct repository_ids ids = {0};
    struct outcome outcome;
    const char *spelled;

    no_tables = true;
    outcome_key(&outcome, client, SECRETS, 1000);
    repository_ids_add(&ids, "acme/web", 1);
    no_tables = false;
    assert_outcome(&outcome, -ENOMEM);
    outcome_release(&outcome);
    assert_int_equal(repository_ids_find(&ids, "acme/web", &spelled), -1);
    repository_ids_add(&ids, "acme/web", 1);
    assert_int_equal(repository_ids_find(&ids, "acme/web", &spelled), 1);
    repository_ids_release(&ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(test_what_a_release_cannot_send_is_told),
        CLIENT_TEST(test_a_held_list_changes_as_a_whole),
        CLIENT_TEST(test_a_write_without_memory_is_taken_back),
        CLIENT_TEST(test_a_word_cannot_be_read_without_memory),
        CLIENT_TEST(test_a_held_delete_is_sent_without_memory),
        CLIENT_TEST(test_a_name_without_a_table_is_not_there),
        CLIENT_TEST(test_a_held_name_is_not_lost_by_a_replacement),
        CLIENT_TEST(test_a_staging_file_keeps_its_name_without_a_table),
        CLIENT_TEST(test_a_staging_file_is_not_replaced_without_a_table),
        CLIENT_TEST(test_keys_and_ids_need_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
