/*
 * libc.h: the names are those that glibc gives.
 */
#include "base/libc.h"

#include <errno.h>
#include <string.h>

#include "cmocka_all.h"

static void test_errno_names(void **state)
{
    static const struct {
        int err;
        const char *name;
    } rows[] = {
        {EPERM, "EPERM"},
        {EAGAIN, "EAGAIN"},
        {EWOULDBLOCK, "EAGAIN"},
        {ENOTSUP, "EOPNOTSUPP"},
        {EHWPOISON, "EHWPOISON"},
        {0, NULL},
        {-EPERM, NULL},
        {41, NULL},
        {4095, NULL},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const char *name = libc_errno_name(rows[i].err);
        assert_true(name == rows[i].name || (name && rows[i].name));
        if (name)
            assert_string_equal(name, rows[i].name);
    }
}

#ifdef __GLIBC__
static void test_errno_names_are_glibcs(void **state)
{
    (void)state;
    for (int err = 1; err < 4096; err++) {
        const char *name = libc_errno_name(err), *wanted = strerrorname_np(err);
        if (!name) /* a later glibc may know more */
            continue;
        assert_non_null(wanted);
        assert_string_equal(name, wanted);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errno_names),
#ifdef __GLIBC__
        cmocka_unit_test(test_errno_names_are_glibcs),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
