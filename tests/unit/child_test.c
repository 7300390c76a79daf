/*
 * child.h with real commands and a real loop.
 */
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/container.h"
#include "cmocka_all.h"

/* Long enough for any command here on a busy machine. */
#define LONG_MS 20000

struct run {
    struct child child;
    struct loop *loop;
    unsigned called;
    int err;
};

static struct loop *loop;

static void run_done(struct child *child, int err)
{
    struct run *run = CONTAINER_OF(child, struct run, child);
    run->called++;
    run->err = err;
    loop_stop(loop);
}

static int run_start(struct run *run, char *const argv[], size_t max, uint64_t ms)
{
    *run = (struct run){0};
    return child_start(&run->child, loop, argv, max, loop_now_ms() + ms, run_done);
}

static void run_command(struct run *run, char *const argv[], size_t max, uint64_t ms)
{
    assert_int_equal(run_start(run, argv, max, ms), 0);
    assert_int_equal(run->called, 0);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(run->called, 1);
}

#define SHELL(script) \
    (char *[]) \
    { \
        (char *)"sh", (char *)"-c", (char *)(script), NULL \
    }

static void run_shell(struct run *run, const char *script, size_t max, uint64_t ms)
{
    run_command(run, SHELL(script), max, ms);
}

static void assert_output(const struct run *run, const char *text)
{
    assert_int_equal(run->child.output.len, strlen(text));
    if (text[0])
        assert_memory_equal(run->child.output.data, text, strlen(text));
}

static void test_commands(void **state)
{
    static const struct {
        const char *script, *output;
        int status;
    } rows[] = {
        {"echo token", "token\n", 0}, {":", "", 0}, {"printf abc; exit 3", "abc", 3},
        {"cat", "", 0}, /* standard input is empty */
        {"printf a; exec >&-; sleep 0.05; exit 4", "a", 4},
        {"printf a; sleep 0.05; printf b", "ab", 0},
        {"no-such-command-here 2>/dev/null", "", 127},
        {"sleep 2 2>&- & printf out; exit 5", "out", 5}, /* a grandchild holds the pipe */
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct run run;
        run_shell(&run, rows[i].script, 4096, LONG_MS);
        assert_int_equal(run.err, 0);
        assert_true(WIFEXITED(run.child.wait_status));
        assert_int_equal(WEXITSTATUS(run.child.wait_status), rows[i].status);
        assert_output(&run, rows[i].output);
        child_release(&run.child);
        assert_int_equal(locked_in_use(), 0);
    }
}

static void test_killed(void **state)
{
    struct run run;
    (void)state;
    run_shell(&run, "printf part; kill -KILL $$", 4096, LONG_MS);
    assert_int_equal(run.err, 0);
    assert_true(WIFSIGNALED(run.child.wait_status));
    assert_int_equal(WTERMSIG(run.child.wait_status), SIGKILL);
    child_release(&run.child);
}

static void test_output_limit(void **state)
{
    static const struct {
        const char *script;
        int err;
        size_t len;
    } rows[] = {
        {"head -c 4096 /dev/zero", 0, 4096},
        {"head -c 4097 /dev/zero; sleep 30", -EFBIG, 0},
        {"cat /dev/zero", -EFBIG, 0},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct run run;
        run_shell(&run, rows[i].script, 4096, LONG_MS);
        assert_int_equal(run.err, rows[i].err);
        if (!rows[i].err)
            assert_int_equal(run.child.output.len, rows[i].len);
        child_release(&run.child);
    }
}

static void test_deadline(void **state)
{
    struct run run;
    uint64_t start = loop_now_ms();
    (void)state;
    run_shell(&run, "trap '' TERM INT; echo x; sleep 30; sleep 30", 4096, 100);
    assert_int_equal(run.err, -ETIMEDOUT);
    assert_uint_in_range(loop_now_ms() - start, 100, LONG_MS / 2);
    child_release(&run.child);
}

static void test_signals_are_a_new_programs(void **state)
{
    /* No shell, which may set signals itself; 28 of them, since glibc's posix_spawn() leaves
     * two of its own ignored. */
    char *argv[] = {(char *)"sed", (char *)"-nE", (char *)"s/^Sig(Blk|Ign):.*(.{7})$/\\1 \\2/p",
        (char *)"/proc/self/status", NULL};
    sigset_t set, before;
    struct run run;
    (void)state;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, &before);
    signal(SIGPIPE, SIG_IGN);
    run_command(&run, argv, 4096, LONG_MS);
    sigprocmask(SIG_SETMASK, &before, NULL);
    signal(SIGPIPE, SIG_DFL);
    assert_output(&run, "Blk 0000000\nIgn 0000000\n");
    child_release(&run.child);
}

static void test_descriptors_stay_here(void **state)
{
    struct run run;
    int fd = open("/dev/null", O_RDONLY); /* as a library may, without O_CLOEXEC */
    (void)state;
    assert_true(fd > STDERR_FILENO);
    run_shell(&run, "exec ls /proc/self/fd", 4096, LONG_MS);
    assert_output(&run, "0\n1\n2\n3\n"); /* 3 is ls's own */
    child_release(&run.child);
    close(fd);
}

/* This program as a command that goes to the group of the process that started it. */
#define LEAVE_GROUP "leave-group"

static int leave_group(void)
{
    if (setpgid(0, getpgid(getppid())) != 0)
        return 1;
    dprintf(STDOUT_FILENO, "%d\n", getpid());
    sleep(30);
    return 0;
}

static void test_leaves_its_group(void **state)
{
#ifdef UNDER_QEMU
    skip(); /* the kernel cannot start this program by itself */
#endif
    char *argv[] = {(char *)"/proc/self/exe", (char *)LEAVE_GROUP, NULL};
    struct run run;
    uint64_t start = loop_now_ms();
    (void)state;
    run_command(&run, argv, 4096, 300);
    assert_int_equal(run.err, -ETIMEDOUT);
    assert_uint_in_range(loop_now_ms() - start, 300, LONG_MS / 2);
    assert_true(run.child.output.len > 0);
    assert_int_equal(locked_add(&run.child.output, "", 1), 0);
    pid_t pid = (pid_t)strtol((const char *)run.child.output.data, NULL, 10);
    assert_true(pid > 0 && kill(pid, 0) != 0);
    child_release(&run.child);

    start = loop_now_ms();
    assert_int_equal(run_start(&run, argv, 4096, LONG_MS), 0);
    usleep(100000);
    child_release(&run.child);
    assert_uint_in_range(loop_now_ms() - start, 0, LONG_MS / 2);
}

/* What stays behind, in a session of its own and with the pipe open, is an agent's affair. */
static void test_leaves_another_behind(void **state)
{
    static const struct {
        const char *script;
        int err;
    } rows[] = {
        {"setsid sh -c 'sleep 9; echo late' & printf out", 0},
        {"(setsid sleep 9 &); printf out", 0},
        {"printf out; setsid -w sleep 9", -ETIMEDOUT},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct run run;
        uint64_t start = loop_now_ms();
        run_shell(&run, rows[i].script, 4096, 1000);
        assert_int_equal(run.err, rows[i].err);
        assert_uint_in_range(loop_now_ms() - start, 0, 8000);
        assert_output(&run, "out");
        child_release(&run.child);
    }
}

/* Whether the process that wrote its id there has gone. */
static bool is_gone(const char *path)
{
    FILE *file = fopen(path, "r");
    int pid = 0;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &pid), 1);
    fclose(file);
    return kill(pid, 0) != 0 && errno == ESRCH;
}

static void stop_when_ready(struct loop_timer *timer)
{
    (void)timer;
    loop_stop(loop);
}

static void test_release_while_running(void **state)
{
    char path[] = "/tmp/child_test.XXXXXX", script[100];
    struct loop_timer poll = {.fire = stop_when_ready};
    struct run run;
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    snprintf(script, sizeof script, "echo $$ > %s; echo ready; exec sleep 30", path);
    assert_int_equal(run_start(&run, SHELL(script), 4096, LONG_MS), 0);
    while (run.child.output.len == 0) {
        loop_set_timer(loop, &poll, loop_now_ms() + 5);
        assert_int_equal(loop_run(loop), 0);
        assert_int_equal(run.called, 0);
    }
    child_release(&run.child);
    assert_int_equal(run.called, 0);
    assert_true(is_gone(path));
    assert_int_equal(locked_in_use(), 0);
    child_release(&run.child);
    close(fd);
    unlink(path);
}

static void test_not_started(void **state)
{
#ifdef UNDER_QEMU
    skip(); /* its vfork() is fork(): posix_spawn() does not learn of an error */
#endif
    char *argv[] = {(char *)"/no/such/command", NULL};
    struct run run = {0};
    (void)state;
    assert_int_equal(
        child_start(&run.child, loop, argv, 10, loop_now_ms() + LONG_MS, run_done), -ENOENT);
    assert_int_equal(run.called, 0);
    child_release(&run.child);
}

static int set_up(void **state)
{
    (void)state;
    return locked_setup() < LOCKED_TOTAL_MIN ? -1 : loop_new(&loop);
}

static int tear_down(void **state)
{
    (void)state;
    loop_free(loop);
    return 0;
}

int main(int argc, char *argv[])
{
    if (argc > 1 && strcmp(argv[1], LEAVE_GROUP) == 0)
        return leave_group();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_output_limit),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_signals_are_a_new_programs),
        cmocka_unit_test(test_descriptors_stay_here),
        cmocka_unit_test(test_leaves_its_group),
        cmocka_unit_test(test_leaves_another_behind),
        cmocka_unit_test(test_release_while_running),
        cmocka_unit_test(test_not_started),
    };
    /* What the caller left open would be inherited. */
    syscall(SYS_close_range, 3, ~0U, 0); /* musl has no function for it */
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
