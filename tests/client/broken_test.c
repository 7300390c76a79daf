/*
 * A call of libcurl's, of the kernel's or of the allocator's that fails: whoever waits is told
 * in time, and the client lives on. Each call is made to fail in turn, by the linker's --wrap.
 */
#include <curl/curl.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "client_fixture.h"

enum breakable { NO_CALL, SOCKET_ACTION, ADD_HANDLE, SETOPT, ASSIGN, EPOLL, ALLOCATION };

/* The `countdown`-th call of that kind fails, and `more` after it. */
static enum breakable breaking;
static int countdown, more;

static bool breaks(enum breakable call)
{
    if (call != breaking || countdown-- > 0)
        return false;
    if (more-- <= 0)
        breaking = NO_CALL;
    return true;
}

CURLMcode __real_curl_multi_socket_action(CURLM *multi, curl_socket_t fd, int events, int *run);
CURLMcode __wrap_curl_multi_socket_action(CURLM *multi, curl_socket_t fd, int events, int *run);
CURLMcode __real_curl_multi_add_handle(CURLM *multi, CURL *easy);
CURLMcode __wrap_curl_multi_add_handle(CURLM *multi, CURL *easy);
CURLMcode __real_curl_multi_assign(CURLM *multi, curl_socket_t fd, void *arg);
CURLMcode __wrap_curl_multi_assign(CURLM *multi, curl_socket_t fd, void *arg);
CURLcode __real_curl_easy_setopt(CURL *easy, CURLoption option, ...);
CURLcode __wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...);
int __real_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event);

CURLMcode __wrap_curl_multi_socket_action(CURLM *multi, curl_socket_t fd, int events, int *run)
{
    return breaks(SOCKET_ACTION) ? CURLM_INTERNAL_ERROR
                                 : __real_curl_multi_socket_action(multi, fd, events, run);
}

CURLMcode __wrap_curl_multi_add_handle(CURLM *multi, CURL *easy)
{
    return breaks(ADD_HANDLE) ? CURLM_OUT_OF_MEMORY : __real_curl_multi_add_handle(multi, easy);
}

CURLMcode __wrap_curl_multi_assign(CURLM *multi, curl_socket_t fd, void *arg)
{
    return breaks(ASSIGN) ? CURLM_BAD_SOCKET : __real_curl_multi_assign(multi, fd, arg);
}

CURLcode __wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    va_list args;
    va_start(args, option);
    void *value = va_arg(args, void *); /* a long, a curl_off_t or a pointer */
    va_end(args);
    return breaks(SETOPT) ? CURLE_OUT_OF_MEMORY : __real_curl_easy_setopt(easy, option, value);
}

int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
    /* To remove needs nothing that could be missing. */
    if (op == EPOLL_CTL_DEL || !breaks(EPOLL))
        return __real_epoll_ctl(epoll, op, fd, event);
    errno = ENOMEM;
    return -1;
}

/* libcurl's own memory. */
static void *a_malloc(size_t size)
{
    return breaks(ALLOCATION) ? NULL : malloc(size);
}

static void *a_calloc(size_t count, size_t size)
{
    return breaks(ALLOCATION) ? NULL : calloc(count, size);
}

static void *a_realloc(void *old, size_t size)
{
    return breaks(ALLOCATION) ? NULL : realloc(old, size);
}

static char *a_strdup(const char *text)
{
    return breaks(ALLOCATION) ? NULL : strdup(text);
}

#define DEADLINE_MS 2000
#define SLACK_MS 1500

/* A PUT with its key, and a listing at the same time; false when nothing was broken. */
static bool try(struct client *c, enum breakable call, int after, int count)
{
    struct outcome put, list;
    client_open(c, c->standin.url, 64);
    uint64_t start = loop_now_ms();
    breaking = call;
    countdown = after;
    more = count - 1;
    outcome_put(&put, c, "X", "value", 5, DEADLINE_MS);
    outcome_list(&list, c, SECRETS, ROW_SECRET, NULL, DEADLINE_MS);
    client_run(c);
    bool was_broken = breaking == NO_CALL;
    breaking = NO_CALL;
    assert_int_equal(put.called, 1);
    assert_int_equal(list.called, 1);
    assert_uint_in_range(loop_now_ms() - start, 0, DEADLINE_MS + SLACK_MS);
    outcome_release(&list);
    /* All is well afterwards, with the connections that are left. */
    assert_int_equal(client_get(c, "/user", LONG_MS), 0);
    return was_broken;
}

static void try_each(struct client *c, enum breakable call, int least)
{
    int after = 0;
    while (try(c, call, after, 1))
        after++;
    assert_true(after >= least);
}

static void test_socket_action(void **state)
{
    try_each(*state, SOCKET_ACTION, 5);
}

static void test_add_handle(void **state)
{
    try_each(*state, ADD_HANDLE, 3);
}

static void test_setopt(void **state)
{
    struct client *c = *state;
    int after = 0;
    while (try(c, SETOPT, after, 1))
        after += 7; /* 25 options, 3 exchanges */
    assert_true(after >= 60);
}

static void test_assign(void **state)
{
    try_each(*state, ASSIGN, 2);
}

static void test_epoll(void **state)
{
    try_each(*state, EPOLL, 3);
}

static void test_allocation(void **state)
{
    struct client *c = *state;
    int after = 0;
    while (try(c, ALLOCATION, after, 1))
        after += after < 60 ? 1 : 9;
    assert_true(after >= 100);
}

/* Nothing goes right for as long as the operation has time. */
static void test_always(void **state)
{
    static const enum breakable calls[] = {
        SOCKET_ACTION, ADD_HANDLE, SETOPT, ASSIGN, EPOLL, ALLOCATION};
    struct client *c = *state;
    for (size_t i = 0; i < LENGTH(calls); i++)
        (void)try(c, calls[i], 0, 1000000);
}

/* libcurl is never called again, as if its timer or its socket were lost. */
static void test_silent_server_and_deadline(void **state)
{
    struct client *c = *state;
    struct outcome o;
    standin_post(&c->standin, "faults", "{'action':'hang','count':-1}");
    uint64_t start = loop_now_ms();
    outcome_request(&o, c, "GET", "/user", 500);
    client_run(c);
    assert_outcome(&o, -ETIMEDOUT);
    assert_uint_in_range(loop_now_ms() - start, 490, 500 + SLACK_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(test_socket_action),
        CLIENT_TEST(test_add_handle),
        CLIENT_TEST(test_setopt),
        CLIENT_TEST(test_assign),
        CLIENT_TEST(test_epoll),
        CLIENT_TEST(test_allocation),
        CLIENT_TEST(test_always),
        CLIENT_TEST(test_silent_server_and_deadline),
    };
    /* The first initialization counts: the client's own is then one more user. */
    if (curl_global_init_mem(
            CURL_GLOBAL_DEFAULT, a_malloc, free, a_realloc, a_strdup, a_calloc) != CURLE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
