/*
 * buffer.h: bytes arrive whole or not at all, and always end in a NUL.
 */
#include "base/buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"

static void test_empty(void **state)
{
    struct buffer b;
    (void)state;
    buffer_init(&b, 10);
    assert_null(b.data);
    buffer_clear(&b);
    assert_null(buffer_steal(&b));
    assert_int_equal(buffer_add(&b, "", 0), 0);
    assert_string_equal(b.data, "");
    buffer_release(&b);
    assert_null(b.data);
    assert_int_equal(b.max, 10);
}

static void test_grows_to_its_maximum(void **state)
{
    struct buffer b;
    (void)state;
    buffer_init(&b, 1000);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(buffer_add(&b, "x", 1), 0);
        assert_int_equal(b.data[b.len], 0);
    }
    assert_int_equal(buffer_add(&b, "x", 1), -EFBIG);
    assert_int_equal(buffer_add_string(&b, "xyz"), -EFBIG);
    assert_int_equal(buffer_printf(&b, "%d", 1), -EFBIG);
    assert_int_equal(buffer_add(&b, "", 0), 0);
    assert_int_equal(b.len, 1000);
    assert_int_equal(strlen(b.data), 1000);
    buffer_release(&b);
}

static void test_error_adds_nothing(void **state)
{
    struct buffer b;
    (void)state;
    buffer_init(&b, 5);
    assert_int_equal(buffer_add_string(&b, "abc"), 0);
    assert_int_equal(buffer_add_string(&b, "def"), -EFBIG);
    assert_int_equal(buffer_printf(&b, "%s", "def"), -EFBIG);
    assert_int_equal(buffer_add(&b, "x", SIZE_MAX), -EFBIG);
    assert_string_equal(b.data, "abc");
    assert_int_equal(b.len, 3);
    assert_int_equal(buffer_add_string(&b, "de"), 0);
    assert_string_equal(b.data, "abcde");
    buffer_release(&b);
}

static void test_bytes(void **state)
{
    struct buffer b;
    char bytes[256];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    buffer_init(&b, 1024);
    assert_int_equal(buffer_add(&b, bytes, sizeof bytes), 0);
    assert_int_equal(buffer_printf(&b, "%c%s", 0, "tail"), 0);
    assert_int_equal(b.len, sizeof bytes + 5);
    assert_memory_equal(b.data, bytes, sizeof bytes);
    assert_memory_equal(b.data + sizeof bytes, "\0tail", 6);
    buffer_release(&b);
}

static void test_clear(void **state)
{
    struct buffer b;
    (void)state;
    buffer_init(&b, 10);
    assert_int_equal(buffer_add_string(&b, "0123456789"), 0);
    buffer_clear(&b);
    assert_int_equal(b.len, 0);
    assert_string_equal(b.data, "");
    assert_int_equal(buffer_add_string(&b, "9876543210"), 0);
    assert_string_equal(b.data, "9876543210");
    buffer_release(&b);
}

static void test_drop(void **state)
{
    struct buffer b;
    (void)state;
    buffer_init(&b, 10);
    buffer_drop(&b, 0);
    assert_int_equal(buffer_add_string(&b, "line\nrest"), 0);
    buffer_drop(&b, 5);
    assert_string_equal(b.data, "rest");
    assert_int_equal(b.len, 4);
    buffer_drop(&b, 4);
    assert_string_equal(b.data, "");
    buffer_release(&b);
}

static void test_steal(void **state)
{
    struct buffer b;
    (void)state;
    buffer_init(&b, 10);
    assert_int_equal(buffer_printf(&b, "%s-%03d", "a", 7), 0);
    char *stolen = buffer_steal(&b);
    assert_string_equal(stolen, "a-007");
    assert_null(b.data);
    assert_int_equal(b.len, 0);
    assert_int_equal(buffer_add_string(&b, "again"), 0);
    assert_string_equal(b.data, "again");
    assert_string_equal(stolen, "a-007");
    free(stolen);
    buffer_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_grows_to_its_maximum),
        cmocka_unit_test(test_error_adds_nothing),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_clear),
        cmocka_unit_test(test_drop),
        cmocka_unit_test(test_steal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
