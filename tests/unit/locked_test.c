/*
 * locked.h: what is counted, what faults, and what is left behind.
 */
#include "base/locked.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"

static size_t page;

static void test_setup(void **state)
{
    (void)state;
    assert_uint_in_range(locked_setup(), LOCKED_TOTAL_MIN, LOCKED_TOTAL_MAX);
    assert_int_equal(locked_in_use(), 0);
}

static void test_grows_in_place(void **state)
{
    struct locked b;
    (void)state;
    assert_int_equal(locked_init(&b, 4 * page), 0);
    assert_int_equal(locked_in_use(), 0);
    unsigned char *data = b.data;
    for (size_t i = 0; i < 4 * page; i++) {
        unsigned char c = (unsigned char)i;
        assert_int_equal(locked_add(&b, &c, 1), 0);
    }
    assert_ptr_equal(b.data, data);
    assert_int_equal(b.len, 4 * page);
    assert_int_equal(locked_in_use(), 4 * page);
    for (size_t i = 0; i < 4 * page; i++)
        assert_int_equal(b.data[i], (unsigned char)i);
    locked_release(&b);
    assert_int_equal(locked_in_use(), 0);
    assert_null(b.data);
    locked_release(&b);
}

static void test_locks_a_page_at_a_time(void **state)
{
    const struct {
        size_t len, locked;
    } rows[] = {
        {0, 0},
        {1, page},
        {page, page},
        {page + 1, 2 * page},
        {3 * page - 1, 3 * page},
    };
    struct locked b;
    (void)state;
    assert_int_equal(locked_init(&b, 3 * page - 1), 0);
    for (size_t i = 0; i < LENGTH(rows); i++) {
        assert_int_equal(locked_resize(&b, rows[i].len), 0);
        assert_int_equal(b.len, rows[i].len);
        assert_int_equal(b.committed, rows[i].locked);
        assert_int_equal(locked_in_use(), rows[i].locked);
    }
    locked_release(&b);
}

static void test_maximum(void **state)
{
    struct locked b;
    (void)state;
    assert_int_equal(locked_init(&b, 10), 0);
    assert_int_equal(locked_add(&b, "0123456789", 10), 0);
    assert_int_equal(locked_add(&b, "x", 1), -EFBIG);
    assert_int_equal(locked_add(&b, "x", SIZE_MAX), -EFBIG);
    assert_int_equal(locked_resize(&b, 11), -EFBIG);
    assert_int_equal(locked_add(&b, NULL, 0), 0);
    assert_int_equal(b.len, 10);
    assert_memory_equal(b.data, "0123456789", 10);
    locked_release(&b);
}

static void test_shrinking_wipes(void **state)
{
    static const unsigned char zeros[8];
    struct locked b;
    (void)state;
    assert_int_equal(locked_init(&b, 100), 0);
    assert_int_equal(locked_add(&b, "secret-value", 12), 0);
    assert_int_equal(locked_resize(&b, 4), 0);
    /* Past `len`, but still this buffer's page. */
    assert_memory_equal(b.data + 4, zeros, 8);
    assert_int_equal(locked_resize(&b, 12), 0);
    assert_memory_equal(b.data, "secr\0\0\0\0\0\0\0\0", 12);
    locked_release(&b);
}

static void test_clear_gives_back(void **state)
{
    static const unsigned char zeros[16];
    struct locked b;
    (void)state;
    assert_int_equal(locked_init(&b, 2 * page), 0);
    assert_int_equal(locked_resize(&b, 2 * page), 0);
    memset(b.data, 'x', 2 * page);
    locked_clear(&b);
    assert_int_equal(locked_in_use(), 0);
    assert_int_equal(b.len, 0);
    assert_int_equal(locked_resize(&b, 16), 0);
    assert_memory_equal(b.data, zeros, 16);
    assert_int_equal(locked_in_use(), page);
    locked_clear(&b);
    locked_clear(&b);
    locked_release(&b);
}

static void test_zeroed(void **state)
{
    struct locked b = {0};
    (void)state;
    locked_clear(&b);
    locked_release(&b);
}

/* How a child ends that touches the byte. */
static int touch(volatile unsigned char *byte)
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        /* A sanitizer's handler would turn it into an exit. */
        signal(SIGSEGV, SIG_DFL);
        *byte = *byte;
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void assert_faults(unsigned char *byte)
{
    int status = touch(byte);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
}

static void test_guard_pages(void **state)
{
    struct locked b;
    (void)state;
    assert_int_equal(locked_init(&b, 2 * page), 0);
    assert_faults(b.data); /* nothing is there yet */
    assert_int_equal(locked_resize(&b, 1), 0);
    assert_int_equal(touch(b.data), 0);
    assert_int_equal(touch(b.data + page - 1), 0);
    assert_faults(b.data + page);
    assert_int_equal(locked_resize(&b, 2 * page), 0);
    assert_int_equal(touch(b.data + 2 * page - 1), 0);
    assert_faults(b.data + 2 * page);
    assert_faults(b.data - 1);
    locked_clear(&b);
    assert_faults(b.data);
    locked_release(&b);
}

static void test_total(void **state)
{
    struct locked big, small;
    size_t total = locked_setup();
    (void)state;
    assert_int_equal(locked_init(&big, LOCKED_TOTAL_MAX + page), 0);
    assert_int_equal(locked_init(&small, 2 * page), 0);
    assert_int_equal(locked_add(&small, "kept", 4), 0);
    assert_int_equal(locked_resize(&big, total), -ENOMEM);
    assert_int_equal(big.len, 0);
    assert_int_equal(locked_in_use(), page);
    assert_int_equal(locked_resize(&big, total - page), 0);
    assert_int_equal(locked_in_use(), total);

    assert_int_equal(locked_resize(&small, page + 1), -ENOMEM);
    assert_int_equal(small.len, 4);
    assert_memory_equal(small.data, "kept", 4);
    assert_int_equal(locked_resize(&small, page), 0); /* locked already */

    locked_clear(&big);
    assert_int_equal(locked_resize(&small, page + 1), 0);
    locked_release(&big);
    locked_release(&small);
    assert_int_equal(locked_in_use(), 0);
}

/* A field of the mapping that holds `address`, from /proc/self/smaps. */
static void read_smaps(const void *address, const char *field, char *out, size_t size)
{
    char line[512];
    bool inside = false;
    FILE *file = fopen("/proc/self/smaps", "r");
    assert_non_null(file);
    out[0] = '\0';
    while (fgets(line, sizeof line, file)) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = (unsigned long)address >= from && (unsigned long)address < to;
        else if (inside && strncmp(line, field, strlen(field)) == 0)
            assert_true(text_copy(out, size, line));
    }
    fclose(file);
}

static void test_out_of_swap_and_core_dumps(void **state)
{
    char flags[512];
    struct locked b;
    (void)state;
    assert_int_equal(locked_init(&b, page), 0);
    assert_int_equal(locked_add(&b, "x", 1), 0);
    read_smaps(b.data, "VmFlags:", flags, sizeof flags);
#ifndef __SANITIZE_ADDRESS__ /* whose mlock() does nothing */
    assert_non_null(strstr(flags, " lo"));
#endif
#ifndef UNDER_QEMU /* whose madvise() does nothing */
    assert_non_null(strstr(flags, " dd")); /* not in core dumps */
#endif
    locked_release(&b);
}

static void test_wipe(void **state)
{
    char text[] = "token";
    (void)state;
    locked_wipe(text, sizeof text);
    assert_memory_equal(text, "\0\0\0\0\0", 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_setup),
        cmocka_unit_test(test_grows_in_place),
        cmocka_unit_test(test_locks_a_page_at_a_time),
        cmocka_unit_test(test_maximum),
        cmocka_unit_test(test_shrinking_wipes),
        cmocka_unit_test(test_clear_gives_back),
        cmocka_unit_test(test_zeroed),
        cmocka_unit_test(test_guard_pages),
        cmocka_unit_test(test_total),
        cmocka_unit_test(test_out_of_swap_and_core_dumps),
        cmocka_unit_test(test_wipe),
    };
    page = (size_t)sysconf(_SC_PAGESIZE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
