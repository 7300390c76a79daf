/*
 * log.h: nobody waits for a log, and what was dropped is told.
 */
#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/loop.h"
#include "cmocka_all.h"

/* More than any pipe or socket holds. */
#define MANY 20000

static char directory[] = "/tmp/log_test.XXXXXX", path[60];

static int listen_there(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* The next message, or "" when there is none. */
static const char *next_message(int fd)
{
    static char text[4096];
    ssize_t n = recv(fd, text, sizeof text - 1, 0);
    text[n < 0 ? 0 : n] = '\0';
    return text;
}

static void assert_says(const char *message, int priority, const char *words)
{
    char head[20], tail[200];
    snprintf(head, sizeof head, "<%d>", priority);
    snprintf(tail, sizeof tail, " ghsecretfs[%d]: %s", (int)getpid(), words);
    assert_memory_equal(message, head, strlen(head));
    assert_true(strlen(message) > strlen(tail));
    assert_string_equal(message + strlen(message) - strlen(tail), tail);
}

static void test_syslog(void **state)
{
    int fd = listen_there();
    (void)state;
    log_to_syslog(path);
    log_error("%s %d", "seven", 7);
    assert_says(next_message(fd), LOG_DAEMON | LOG_ERR, "seven 7");
    log_warning("eight");
    assert_says(next_message(fd), LOG_DAEMON | LOG_WARNING, "eight");
    log_debug("not at this level");
    assert_string_equal(next_message(fd), "");
    close(fd);
}

static void test_syslog_is_started_again(void **state)
{
    uint64_t before = log_dropped();
    (void)state;
    log_to_syslog(path);
    unlink(path);
    log_error("to nobody");
    assert_int_equal(log_dropped(), before + 1);
    int fd = listen_there();
    log_error("to somebody");
    assert_non_null(strstr(next_message(fd), "1 messages were dropped"));
    assert_non_null(strstr(next_message(fd), "to somebody"));
    close(fd);
    fd = listen_there();
    log_error("to the next");
    assert_non_null(strstr(next_message(fd), "to the next"));
    close(fd);
}

static void test_syslog_hangs(void **state)
{
    char words[60];
    int fd = listen_there();
    uint64_t start = loop_now_ms(), before = log_dropped();
    (void)state;
    log_to_syslog(path);
    for (unsigned i = 0; i < MANY; i++)
        log_error("message %u", i);
    assert_uint_in_range(loop_now_ms() - start, 0, 10000);
    uint64_t dropped = log_dropped() - before;
    assert_uint_in_range(dropped, 1, MANY - 1);
    for (unsigned i = 0; i < MANY - dropped; i++)
        assert_true(next_message(fd)[0] != '\0');
    assert_string_equal(next_message(fd), "");
    log_error("after");
    snprintf(words, sizeof words, "%u messages were dropped", (unsigned)dropped);
    assert_non_null(strstr(next_message(fd), words));
    assert_says(next_message(fd), LOG_DAEMON | LOG_ERR, "after");
    close(fd);
}

static void shorten(void *arg, char *text)
{
    char *found = strstr(text, arg);
    if (found)
        snprintf(found, strlen(found) + 1, "*");
}

static void test_filter(void **state)
{
    int fd = listen_there();
    char word[] = "word";
    (void)state;
    log_to_syslog(path);
    log_filter(shorten, word);
    log_error("a %s of a server", "word");
    log_filter(NULL, NULL);
    assert_says(next_message(fd), LOG_DAEMON | LOG_ERR, "a *");
    close(fd);
}

/* Runs in a child, so that the test keeps its standard error. */
static void fill_stderr(int fd, int report)
{
    uint64_t start = loop_now_ms(), before = log_dropped();
    dup2(fd, STDERR_FILENO);
    for (unsigned i = 0; i < MANY; i++)
        log_error("message %u", i);
    dprintf(report, "%llu %llu\n", (unsigned long long)(log_dropped() - before),
        (unsigned long long)(loop_now_ms() - start));
    _exit(0);
}

static void assert_full_is_no_wait(int write_end)
{
    int report[2];
    char text[60] = "";
    unsigned long long dropped, ms;
    assert_int_equal(pipe(report), 0);
    if (fork() == 0)
        fill_stderr(write_end, report[1]);
    close(report[1]);
    assert_true(read(report[0], text, sizeof text - 1) > 0);
    assert_int_equal(sscanf(text, "%llu %llu", &dropped, &ms), 2);
    assert_uint_in_range(dropped, 1, MANY - 1);
    assert_uint_in_range(ms, 0, 10000);
    close(report[0]);
}

static void test_full_stderr(void **state)
{
    int fds[2];
    (void)state;
    log_to_syslog(NULL);
    assert_int_equal(pipe(fds), 0);
    assert_full_is_no_wait(fds[1]);
    assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
    close(fds[0]);
    close(fds[1]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_full_is_no_wait(fds[1]);
    close(fds[0]);
    close(fds[1]);
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(terminal >= 0);
    assert_int_equal(grantpt(terminal), 0);
    assert_int_equal(unlockpt(terminal), 0);
    int other = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    assert_true(other >= 0);
    assert_full_is_no_wait(other);
    close(other);
    close(terminal);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s/log", directory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syslog),
        cmocka_unit_test(test_syslog_is_started_again),
        cmocka_unit_test(test_syslog_hangs),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_full_stderr),
    };
    if (!mkdtemp(directory))
        return 1;
    int failed = cmocka_run_group_tests(tests, set_up, NULL);
    unlink(path);
    rmdir(directory);
    return failed;
}
