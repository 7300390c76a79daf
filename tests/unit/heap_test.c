/*
 * heap.h: what free() and realloc() leave behind.
 */
#include "base/heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"

/* So small that a C library keeps the block beside others, and it can be read after free(). */
#define SIZE 400
/* What an allocator may write into a block that is free, for its own lists. */
#define LINKS 64

static const char mark[] = "the-value-of-a-secret";

/* How often the mark is in a block that may have been freed. Callers keep its address volatile:
 * gcc 13 warns of a use after free() where it knows whose address this is. */
static unsigned count_marks(uintptr_t address)
{
    const volatile char *block = (const volatile char *)address;
    unsigned found = 0;

    for (size_t at = LINKS; at < SIZE; at += sizeof mark) {
        size_t same = 0;
        while (same < sizeof mark - 1 && block[at + same] == mark[same])
            same++;
        found += same == sizeof mark - 1;
    }
    return found;
}

static char *marked(void)
{
    char *block = malloc(SIZE + sizeof mark);

    assert_non_null(block);
    for (size_t at = LINKS; at < SIZE; at += sizeof mark)
        memcpy(block + at, mark, sizeof mark);
    return block;
}

static void test_free_wipes(void **state)
{
    char *block = marked();
    char *neighbour = marked(); /* keeps the C library from giving the page back */
    volatile uintptr_t address = (uintptr_t)block;
    (void)state;
    assert_true(count_marks(address) > 10);
    errno = EXDEV;
    free(block);
    assert_int_equal(errno, EXDEV);
    assert_int_equal(count_marks(address), 0);
    free(neighbour);
}

static void test_realloc_wipes(void **state)
{
    static const size_t sizes[] = {4 * SIZE, 100};
    (void)state;
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        char *block = marked();
        char *neighbour = marked();
        volatile uintptr_t address = (uintptr_t)block;
        char *moved = realloc(block, sizes[i]);
        assert_non_null(moved);
        assert_memory_equal(moved + LINKS, mark, sizeof mark);
        assert_true((uintptr_t)moved != address);
        assert_int_equal(count_marks(address), 0);
        free(moved);
        free(neighbour);
    }
}

static void test_realloc_ends(void **state)
{
    char *block = realloc(NULL, 20);
    (void)state;
    assert_non_null(block);
    char *same = realloc(block, 19);
    assert_ptr_equal(same, block);
    assert_null(realloc(same, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_free_wipes),
        cmocka_unit_test(test_realloc_wipes),
        cmocka_unit_test(test_realloc_ends),
    };
    if (!heap_setup())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
