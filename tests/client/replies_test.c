/*
 * Replies that the kernel does not take: it then knows nothing of the nodes that are in them.
 * libfuse's functions are the test's own here.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "client_fixture.h"
#include "fs/op.h"

/* What the replies end with, and what was in the last one of each. */
static int outcome;
static size_t replied_len;
static struct fuse_file_info opened;

static struct fs fs;

void *__wrap_fuse_req_userdata(fuse_req_t req);
void *__wrap_fuse_req_userdata(fuse_req_t req)
{
    (void)req;
    return &fs;
}

const struct fuse_ctx *__wrap_fuse_req_ctx(fuse_req_t req);
const struct fuse_ctx *__wrap_fuse_req_ctx(fuse_req_t req)
{
    static struct fuse_ctx context;
    (void)req;
    context.pid = getpid();
    return &context;
}

void __wrap_fuse_req_interrupt_func(fuse_req_t req, fuse_interrupt_func_t func, void *data);
void __wrap_fuse_req_interrupt_func(fuse_req_t req, fuse_interrupt_func_t func, void *data)
{
    (void)req, (void)func, (void)data;
}

int __wrap_fuse_reply_err(fuse_req_t req, int err);
int __wrap_fuse_reply_err(fuse_req_t req, int err)
{
    (void)req, (void)err;
    return outcome;
}

int __wrap_fuse_reply_open(fuse_req_t req, const struct fuse_file_info *file);
int __wrap_fuse_reply_open(fuse_req_t req, const struct fuse_file_info *file)
{
    (void)req;
    opened = *file;
    return outcome;
}

int __wrap_fuse_reply_buf(fuse_req_t req, const char *data, size_t size);
int __wrap_fuse_reply_buf(fuse_req_t req, const char *data, size_t size)
{
    (void)req, (void)data;
    replied_len = size;
    return outcome;
}

int __wrap_fuse_reply_entry(fuse_req_t req, const struct fuse_entry_param *entry);
int __wrap_fuse_reply_entry(fuse_req_t req, const struct fuse_entry_param *entry)
{
    (void)req, (void)entry;
    return outcome;
}

static int set_up(void **state)
{
    static const struct tree_options options = {.timeout_ms = 10000, .max_requests = 4};
    client_set_up(state);
    const struct client *client = *state;
    fs = (struct fs){.loop = client->loop};
    outcome = 0;
    return tree_new(client->loop, client->github, &options, &fs.tree);
}

static int tear_down(void **state)
{
    tree_free(fs.tree);
    return client_tear_down(state);
}

static uint64_t lookups_of(const char *name)
{
    return node_fixed_child(&fs.tree->nodes, fs.tree->root, name)->lookups;
}

/* The root has `orgs` and `repos`. What comes of a reply counts once. */
static void test_a_listing(void **state)
{
    struct fuse_file_info file = {0};
    (void)state;
    fs_opendir(NULL, FUSE_ROOT_ID, &file);
    file = opened;

    outcome = -ENOENT;
    fs_readdirplus(NULL, FUSE_ROOT_ID, 4096, 0, &file);
    assert_uint_in_range(replied_len, 1, 4096);
    assert_int_equal(lookups_of("orgs"), 0);
    assert_int_equal(lookups_of("repos"), 0);

    outcome = 0;
    fs_readdirplus(NULL, FUSE_ROOT_ID, 4096, 0, &file);
    assert_int_equal(lookups_of("orgs"), 1);
    assert_int_equal(lookups_of("repos"), 1);
    fs_readdirplus(NULL, FUSE_ROOT_ID, 4096, 3, &file);
    assert_int_equal(lookups_of("orgs") + lookups_of("repos"), 3);
    fs_readdir(NULL, FUSE_ROOT_ID, 4096, 0, &file);
    assert_int_equal(lookups_of("orgs") + lookups_of("repos"), 3);
    fs_releasedir(NULL, FUSE_ROOT_ID, &file);
}

static void test_an_open_directory(void **state)
{
    struct fuse_file_info file = {0};
    (void)state;
    assert_true(lookups_of("orgs") + lookups_of("repos") == 0); /* both are made by that */
    unsigned references = fs.tree->root->references;
    outcome = -ENOENT;
    fs_opendir(NULL, FUSE_ROOT_ID, &file);
    assert_null(fs.snapshots);
    assert_int_equal(fs.tree->root->references, references);
}

static void test_a_lookup(void **state)
{
    (void)state;
    outcome = -ENOENT;
    fs_lookup(NULL, FUSE_ROOT_ID, "orgs");
    assert_int_equal(lookups_of("orgs"), 0);
    outcome = 0;
    fs_lookup(NULL, FUSE_ROOT_ID, "orgs");
    assert_int_equal(lookups_of("orgs"), 1);
}

#define REPLIES_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REPLIES_TEST(test_a_listing),
        REPLIES_TEST(test_an_open_directory),
        REPLIES_TEST(test_a_lookup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
