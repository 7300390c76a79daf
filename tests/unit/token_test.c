/*
 * token.h against real files, variables and commands, with a real loop.
 */
#include "token.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))
/* Somebody who is not the one who runs the tests. */
#define NOBODY 65534
/* Long enough for any command here on a busy machine. */
#define LONG_MS 20000

static const char *const variables[] = {
    "GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"};

struct answer {
    struct loop *loop;
    struct token *to_free;
    bool called;
    int err;
};

static char directory[] = "/tmp/token_test.XXXXXX";

static void got_answer(void *arg, int err)
{
    struct answer *answer = arg;
    assert_false(answer->called);
    answer->called = true;
    answer->err = err;
    token_free(answer->to_free);
    loop_stop(answer->loop);
}

/* What token_read() answers; it must do so from the loop. */
static int read_within(struct loop *loop, struct token *token, uint64_t ms)
{
    struct answer answer = {.loop = loop};
    assert_int_equal(token_read(token, loop_now_ms() + ms, got_answer, &answer), 0);
    assert_false(answer.called);
    assert_int_equal(token_read(token, 0, got_answer, &answer), -EBUSY);
    assert_int_equal(loop_run(loop), 0);
    assert_true(answer.called);
    assert_int_equal(token_problem(token)[0] != '\0', answer.err != 0);
    return answer.err;
}

static void assert_token(const struct token *token, const char *expected)
{
    const struct locked *value = token_value(token);
    assert_int_equal(value->len, strlen(expected));
    if (value->len)
        assert_memory_equal(value->data, expected, value->len);
}

static void assert_contains(const char *text, const char *part)
{
    if (part && !strstr(text, part))
        fail_msg("'%s' does not say '%s'", text, part);
}

static char *in_directory(const char *name)
{
    char *path;
    assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
    return path;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static char github[] = "github.com";

static struct token *new_token(struct loop *loop, const struct config *config)
{
    struct token *token;
    assert_int_equal(token_new(loop, config, &token), 0);
    return token;
}

/* --- Files ---------------------------------------------------------------------------- */

struct file_case {
    const char *text;
    mode_t mode;
    int err;
    const char *token, *problem;
};

static const struct file_case file_cases[] = {
    {"ghp_1\n", 0600, 0, "ghp_1", NULL},
    {"ghp_2", 0400, 0, "ghp_2", NULL},
    {"ghp_3 \t\r\nsecond line\n", 0600, 0, "ghp_3", NULL},
    {"ghp_4\n", 0700, 0, "ghp_4", NULL},
    {"", 0600, -EINVAL, "", "empty"},
    {"\nghp_5\n", 0600, -EINVAL, "", "empty"},
    {" \r\n", 0600, -EINVAL, "", "empty"},
    {" ghp_6\n", 0600, -EINVAL, "", "not a token"},
    {"token ghp_7\n", 0600, -EINVAL, "", "not a token"},
    {"ghp_8\x01\n", 0600, -EINVAL, "", "not a token"},
    {"ghp_9\x7f\n", 0600, -EINVAL, "", "not a token"},
    {"ghp_\xc3\xa9\n", 0600, -EINVAL, "", "not a token"},
    {"ghp\rX-Header: 1\n", 0600, -EINVAL, "", "not a token"},
    {"ghp_a\n", 0640, -EACCES, "", "mode 0640"},
    {"ghp_b\n", 0604, -EACCES, "", "mode 0604"},
    {"ghp_c\n", 0610, -EACCES, "", "mode 0610"},
    {"ghp_d\n", 0644, -EACCES, "", "chmod 600 "},
};

static void test_files(void **state)
{
    char *path = in_directory("file");
    for (size_t i = 0; i < LENGTH(file_cases); i++) {
        const struct file_case *c = &file_cases[i];
        struct config config = {.token_host = github, .token_file = path};
        write_file(path, c->text, c->mode);
        struct token *token = new_token(*state, &config);
        assert_int_equal(read_within(*state, token, LONG_MS), c->err);
        assert_token(token, c->token);
        assert_contains(token_problem(token), c->problem);
        assert_null(strstr(token_problem(token), "ghp"));
        assert_true(token_rereadable(token));
        assert_contains(token_origin(token), path);
        token_free(token);
    }
    free(path);
}

static void test_no_regular_file(void **state)
{
    char *link = in_directory("link"), *fifo = in_directory("fifo");
    char *missing = in_directory("missing");
    assert_int_equal(symlink("file", link), 0);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    const struct {
        char *path;
        int err;
        const char *problem;
    } cases[] = {
        {link, -ELOOP, "symbolic link"},
        {fifo, -EINVAL, "not a regular file"},
        {directory, -EINVAL, "not a regular file"},
        {missing, -ENOENT, "No such file"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct config config = {.token_host = github, .token_file = cases[i].path};
        struct token *token = new_token(*state, &config);
        assert_int_equal(read_within(*state, token, LONG_MS), cases[i].err);
        assert_contains(token_problem(token), cases[i].problem);
        assert_contains(token_problem(token), cases[i].path);
        token_free(token);
    }
    free(link);
    free(fifo);
    free(missing);
}

static void test_owner(void **state)
{
    if (geteuid() != 0)
        skip();
    char *path = in_directory("owned");
    write_file(path, "ghp_1\n", 0600);
    assert_int_equal(chown(path, NOBODY, NOBODY), 0);
    struct config config = {.token_host = github, .token_file = path};
    struct token *token = new_token(*state, &config);
    assert_int_equal(read_within(*state, token, LONG_MS), -EACCES);
    assert_contains(token_problem(token), "owned by uid 65534");
    /* Its owner may read it. */
    assert_int_equal(seteuid(NOBODY), 0);
    int err = read_within(*state, token, LONG_MS);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(err, 0);
    token_free(token);
    free(path);
}

static void test_length(void **state)
{
    char *path = in_directory("long"), text[TOKEN_MAX_BYTES + 3];
    struct config config = {.token_host = github, .token_file = path};
    const struct {
        size_t len;
        int err;
    } cases[] = {{TOKEN_MAX_BYTES, 0}, {TOKEN_MAX_BYTES + 1, -EFBIG}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        memset(text, 'x', cases[i].len);
        memcpy(text + cases[i].len, "\n", 2);
        write_file(path, text, 0600);
        struct token *token = new_token(*state, &config);
        assert_int_equal(read_within(*state, token, LONG_MS), cases[i].err);
        assert_int_equal(token_value(token)->len, cases[i].err ? 0 : cases[i].len);
        token_free(token);
    }
    free(path);
}

static void test_read_again(void **state)
{
    char *path = in_directory("again");
    struct config config = {.token_host = github, .token_file = path};
    struct token *token = new_token(*state, &config);
    write_file(path, "first\n", 0600);
    assert_int_equal(read_within(*state, token, LONG_MS), 0);
    const struct locked *value = token_value(token);
    write_file(path, "not good\n", 0600);
    assert_int_equal(read_within(*state, token, LONG_MS), -EINVAL);
    assert_token(token, "first");
    write_file(path, "second\n", 0600);
    assert_int_equal(read_within(*state, token, LONG_MS), 0);
    assert_token(token, "second");
    assert_ptr_equal(token_value(token), value);
    size_t held = locked_in_use();
    token_free(token);
    assert_true(locked_in_use() < held);
    free(path);
}

/* --- Variables ------------------------------------------------------------------------ */

enum host_kind { CLOUD, ENTERPRISE, LOOPBACK_URL, LOOPBACK_HOST };

struct variable_case {
    enum host_kind kind;
    int err;
    const char *values[LENGTH(variables)]; /* in the order of `variables` */
    const char *origin, *token;            /* origin NULL: none is taken */
};

static const struct variable_case variable_cases[] = {
    {CLOUD, 0, {"a", "b", "c", "d"}, "$GH_TOKEN", "a"},
    {CLOUD, 0, {NULL, "b", "c", "d"}, "$GITHUB_TOKEN", "b"},
    {CLOUD, 0, {"", "b", "c", "d"}, "$GITHUB_TOKEN", "b"},
    {CLOUD, -ENOENT, {NULL, NULL, "c", "d"}, NULL, ""},
    {CLOUD, 0, {"a\n", NULL, NULL, NULL}, "$GH_TOKEN", "a"},
    {CLOUD, -EINVAL, {"a b", "b", NULL, NULL}, "$GH_TOKEN", ""},
    {CLOUD, -EINVAL, {" ", "b", NULL, NULL}, "$GH_TOKEN", ""},
    {ENTERPRISE, 0, {"a", "b", "c", "d"}, "$GH_ENTERPRISE_TOKEN", "c"},
    {ENTERPRISE, 0, {"a", "b", NULL, "d"}, "$GITHUB_ENTERPRISE_TOKEN", "d"},
    {ENTERPRISE, -ENOENT, {"a", "b", NULL, NULL}, NULL, ""},
    {LOOPBACK_URL, 0, {"a", "b", "c", "d"}, "$GH_TOKEN", "a"},
    {LOOPBACK_URL, 0, {NULL, NULL, "c", "d"}, "$GH_ENTERPRISE_TOKEN", "c"},
    {LOOPBACK_URL, 0, {NULL, NULL, NULL, "d"}, "$GITHUB_ENTERPRISE_TOKEN", "d"},
    {LOOPBACK_HOST, 0, {"a", "b", "c", "d"}, "$GH_ENTERPRISE_TOKEN", "c"},
    {CLOUD, -ENOENT, {NULL, NULL, NULL, NULL}, NULL, ""},
};

static void set_variables(const char *const values[])
{
    for (size_t i = 0; i < LENGTH(variables); i++) {
        if (values[i])
            assert_int_equal(setenv(variables[i], values[i], 1), 0);
        else
            unsetenv(variables[i]);
    }
}

static void test_variables(void **state)
{
    /* So that the last source does not depend on who runs the tests. */
    setenv("PATH", "/nonexistent", 1);
    for (size_t i = 0; i < LENGTH(variable_cases); i++) {
        const struct variable_case *c = &variable_cases[i];
        struct config config = {
            .token_host = github,
            .token_is_enterprise = c->kind != CLOUD,
            .api_url_given = c->kind == LOOPBACK_URL,
            .api_loopback = c->kind == LOOPBACK_URL || c->kind == LOOPBACK_HOST,
        };
        set_variables(c->values);
        struct token *token = new_token(*state, &config);
        for (size_t v = 0; v < LENGTH(variables); v++)
            assert_null(getenv(variables[v]));
        assert_int_equal(read_within(*state, token, LONG_MS), c->err);
        assert_token(token, c->token);
        if (c->origin) {
            assert_string_equal(token_origin(token), c->origin);
            assert_false(token_rereadable(token));
            /* Read again, it is what it was. */
            assert_int_equal(read_within(*state, token, LONG_MS), c->err);
            assert_token(token, c->token);
        } else {
            assert_contains(token_problem(token), "no token for github.com: set GH_");
        }
        token_free(token);
    }
}

static void test_variable_is_wiped(void **state)
{
    static char entry[] = "GH_TOKEN=ghp_wiped", other[] = "GITHUB_TOKEN=ghp_other";
    struct config config = {.token_host = github};
    assert_int_equal(putenv(entry), 0); /* so that the bytes are ours to see */
    assert_int_equal(putenv(other), 0);
    struct token *token = new_token(*state, &config);
    for (size_t i = strlen("GH_TOKEN="); i < sizeof entry; i++)
        assert_int_equal(entry[i], '\0');
    for (size_t i = strlen("GITHUB_TOKEN="); i < sizeof other; i++)
        assert_int_equal(other[i], '\0');
    assert_int_equal(read_within(*state, token, LONG_MS), 0);
    assert_token(token, "ghp_wiped");
    token_free(token);
}

static void test_long_variable(void **state)
{
    char text[TOKEN_MAX_BYTES + 2];
    struct config config = {.token_host = github};
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    setenv("GH_TOKEN", text, 1);
    struct token *token = new_token(*state, &config);
    assert_int_equal(read_within(*state, token, LONG_MS), -EFBIG);
    token_free(token);
}

/* --- Commands ------------------------------------------------------------------------- */

struct command_case {
    const char *command;
    int err;
    const char *token, *problem;
};

static const struct command_case command_cases[] = {
    {"echo ghs_1", 0, "ghs_1", NULL}, {"printf ' ghs_2'", -EINVAL, "", "not a token"},
    {"printf 'ghs_3 \\r\\n\\n'", 0, "ghs_3", NULL},
    {"printf 'ghs_4\\nghs_5\\n'", -EINVAL, "", "a second line"}, {"true", -EINVAL, "", "empty"},
    {"echo ghs_6; exit 3", -EIO, "", "exit status 3"}, {"kill -9 $$", -EIO, "", "signal 9"},
    {"/nonexistent/helper 2>&-", -EIO, "", "exit status 127"},
    {"head -c 4097 /dev/zero", -EFBIG, "", "longer than 4096 bytes"},
    {"printf %s \"$GH_TOKEN\"", 0, "ghs_7", NULL}, /* a helper may need it */
};

static void test_commands(void **state)
{
    setenv("PATH", "/usr/bin:/bin", 1);
    setenv("GH_TOKEN", "ghs_7", 1);
    for (size_t i = 0; i < LENGTH(command_cases); i++) {
        const struct command_case *c = &command_cases[i];
        struct config config = {.token_host = github, .token_command = strdup(c->command)};
        struct token *token = new_token(*state, &config);
        assert_int_equal(read_within(*state, token, LONG_MS), c->err);
        assert_token(token, c->token);
        assert_contains(token_problem(token), c->problem);
        assert_null(strstr(token_problem(token), "ghs_"));
        assert_string_equal(token_origin(token), "token_command");
        assert_true(token_rereadable(token));
        token_free(token);
        free(config.token_command);
    }
    unsetenv("GH_TOKEN");
}

static void test_command_timeout(void **state)
{
    static char command[] = "sleep 60";
    struct config config = {.token_host = github, .token_command = command};
    struct token *token = new_token(*state, &config);
    uint64_t before = loop_now_ms();
    assert_int_equal(read_within(*state, token, 50), -ETIMEDOUT);
    assert_true(loop_now_ms() - before < LONG_MS);
    assert_contains(token_problem(token), "no answer in time");
    token_free(token);
}

static void test_free_early(void **state)
{
    static char command[] = "sleep 60";
    struct config config = {.token_host = github, .token_command = command};
    struct answer never = {.loop = *state};
    struct token *token = new_token(*state, &config);
    assert_int_equal(token_read(token, loop_now_ms() + LONG_MS, got_answer, &never), 0);
    token_free(token);
    /* In the answer itself: by a command, and at hand. */
    for (int i = 0; i < 2; i++) {
        static char echo[] = "echo x";
        config.token_command = i ? echo : NULL;
        struct answer answer = {.loop = *state, .to_free = new_token(*state, &config)};
        assert_int_equal(
            token_read(answer.to_free, loop_now_ms() + LONG_MS, got_answer, &answer), 0);
        assert_int_equal(loop_run(*state), 0);
        assert_true(answer.called);
    }
    assert_false(never.called);
    assert_int_equal(locked_in_use(), 0);
}

/* --- The other sources, and their order ------------------------------------------------ */

static void test_credential(void **state)
{
    char *path = in_directory("token");
    struct config config = {.token_host = github};
    const struct {
        mode_t mode;
        int err;
    } cases[] = {{0400, 0}, {0440, 0}, {0460, -EACCES}, {0444, -EACCES}};
    setenv("CREDENTIALS_DIRECTORY", directory, 1);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        write_file(path, "ghp_credential\n", cases[i].mode);
        struct token *token = new_token(*state, &config);
        assert_string_equal(token_origin(token), "$CREDENTIALS_DIRECTORY/token");
        assert_int_equal(read_within(*state, token, LONG_MS), cases[i].err);
        assert_token(token, cases[i].err ? "" : "ghp_credential");
        assert_true(token_rereadable(token));
        token_free(token);
    }
    unsetenv("CREDENTIALS_DIRECTORY");
    unlink(path);
    free(path);
}

/* The daemon works in "/" by the time it reads the token again. */
static void test_relative_credential(void **state)
{
    char *path = in_directory("token"), *before = getcwd(NULL, 0);
    struct config config = {.token_host = github};
    assert_non_null(before);
    assert_int_equal(chdir(directory), 0);
    setenv("CREDENTIALS_DIRECTORY", ".", 1);
    write_file(path, "ghp_credential\n", 0400);
    struct token *token = new_token(*state, &config);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(read_within(*state, token, LONG_MS), 0);
    assert_token(token, "ghp_credential");
    token_free(token);
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_int_equal(chdir(before), 0);
    unlink(path);
    free(path);
    free(before);
}

static void test_order(void **state)
{
    char *file = in_directory("order"), *credential = in_directory("token");
    static char command[] = "echo of_command";
    const struct {
        bool file, command, variable, credential;
        const char *token;
    } cases[] = {
        {true, false, true, true, "of_file"},
        {false, true, true, true, "of_command"},
        {false, false, true, true, "of_variable"},
        {false, false, false, true, "of_credential"},
    };
    write_file(file, "of_file\n", 0600);
    write_file(credential, "of_credential\n", 0600);
    setenv("CREDENTIALS_DIRECTORY", directory, 1);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct config config = {
            .token_host = github,
            .token_file = cases[i].file ? file : NULL,
            .token_command = cases[i].command ? command : NULL,
        };
        if (cases[i].variable)
            setenv("GH_TOKEN", "of_variable", 1);
        struct token *token = new_token(*state, &config);
        assert_int_equal(read_within(*state, token, LONG_MS), 0);
        assert_token(token, cases[i].token);
        token_free(token);
        unsetenv("GH_TOKEN");
    }
    unsetenv("CREDENTIALS_DIRECTORY");
    unlink(credential);
    free(file);
    free(credential);
}

static void test_gh(void **state)
{
    char *gh = in_directory("gh"), *path;
    struct config config = {.token_host = github};
    bool root = geteuid() == 0;
    assert_true(asprintf(&path, "%s:/usr/bin:/bin", directory) > 0);
    setenv("PATH", path, 1);
    const struct {
        const char *script;
        int err;
        const char *token, *problem;
    } cases[] = {
        {"#!/bin/sh\necho \"$*\" | tr ' ' _\n", 0, "auth_token_--hostname_github.com", NULL},
        {"#!/bin/sh\nexit 1\n", -ENOENT, "", "gh auth login --hostname github.com"},
        {NULL, -ENOENT, "", "no token for github.com: set GH_TOKEN"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        unlink(gh);
        if (cases[i].script)
            write_file(gh, cases[i].script, 0755);
        else
            setenv("PATH", "/nonexistent", 1);
        assert_int_equal(root ? seteuid(NOBODY) : 0, 0);
        struct token *token = new_token(*state, &config);
        int err = read_within(*state, token, LONG_MS);
        assert_int_equal(root ? seteuid(0) : 0, 0);
        assert_int_equal(err, cases[i].err);
        assert_token(token, cases[i].token);
        assert_contains(token_problem(token), cases[i].problem);
        assert_string_equal(token_origin(token), "gh auth token");
        token_free(token);
    }
    free(gh);
    free(path);
}

static void test_root_does_not_ask_gh(void **state)
{
    if (geteuid() != 0)
        skip();
    struct config config = {.token_host = github, .token_is_enterprise = true};
    struct token *token = new_token(*state, &config);
    assert_string_equal(token_origin(token), "none");
    assert_int_equal(read_within(*state, token, LONG_MS), -ENOENT);
    assert_contains(token_problem(token), "set GH_ENTERPRISE_TOKEN");
    assert_false(token_rereadable(token));
    token_free(token);
}

/* --- The program ---------------------------------------------------------------------- */

static int set_up(void **state)
{
    struct loop *loop;
    for (size_t i = 0; i < LENGTH(variables); i++)
        unsetenv(variables[i]);
    unsetenv("CREDENTIALS_DIRECTORY");
    if (locked_setup() < LOCKED_TOTAL_MIN || !mkdtemp(directory) ||
        chmod(directory, 0755) != 0 || loop_new(&loop) != 0)
        return -1;
    *state = loop;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    loop_free(*state);
    return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_no_regular_file),
        cmocka_unit_test(test_owner),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_read_again),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_variable_is_wiped),
        cmocka_unit_test(test_long_variable),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_command_timeout),
        cmocka_unit_test(test_free_early),
        cmocka_unit_test(test_credential),
        cmocka_unit_test(test_relative_credential),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_gh),
        cmocka_unit_test(test_root_does_not_ask_gh),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
