/*
 * The tree without memory: what is lost by that is told.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "tree/directory.h"
#include "tree/operations.h"
#include "tree/tree.h"

static bool no_memory;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return no_memory ? NULL : __real_calloc(count, size);
}

static const struct tree_options options = {.timeout_ms = 10000, .max_requests = 4};

static void opened(struct task *task, int err)
{
    (void)task;
    assert_int_equal(err, 0);
}

/* A new node in its directory; not referenced. */
static struct node *add(
    struct tree *tree, enum kind_id kind, struct node *dir, const char *name)
{
    struct node *node = node_new(&tree->nodes, kind, dir, name);
    assert_non_null(node);
    assert_int_equal(directory_add(dir, node), 0);
    node->listed = true;
    node->references--;
    return node;
}

/* "N", open with a value written to it. */
static struct handle *open_written(struct tree *tree)
{
    struct node *secrets = add(tree, KIND_REPOSITORY_SECRETS, tree->whole, "secrets");
    struct task task;

    task_init(&task, tree, add(tree, KIND_SECRET, secrets, "N"), "open", opened);
    task.tid = getpid();
    handle_open(&task, task.node);
    assert_non_null(task.handle);
    assert_int_equal(value_write(task.handle->value, "v", 1, 0), 0);
    return task.handle;
}

/* The kernel lets go of a file, and nobody is left to hear that its value cannot be sent. */
static void test_what_a_release_cannot_send_is_told(void **state)
{
    struct client *client = *state;
    struct tree *tree;
    struct buffer errors;

    assert_int_equal(tree_new(client->loop, client->github, &options, &tree), 0);
    struct handle *handle = open_written(tree);
    no_memory = true;
    tree_release(handle);
    no_memory = false;
    assert_null(tree->handles);
    buffer_init(&errors, 1 << 16);
    assert_int_equal(failures_read(&tree->failures, &errors), 0);
    assert_non_null(errors.data);
    assert_non_null(strstr(errors.data, " write secrets/N: ENOMEM"));
    buffer_release(&errors);
    tree_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(test_what_a_release_cannot_send_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
