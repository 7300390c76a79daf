/*
 * What the targets share. A target is a file with one LLVMFuzzerTestOneInput(), which gives any
 * bytes to a parser and holds what comes out to what the parser's header promises.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* Not assert(), which release builds leave out. */
#define REQUIRE(condition) \
    ((condition) ? (void)0 : require_failed(__FILE__, __LINE__, #condition))
__attribute__((noreturn)) void require_failed(
    const char *file, int line, const char *condition);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy in memory of its very length, so that a sanitizer sees a byte too far; with a NUL, up
 * to the first one in it. Both are the caller's to free(). */
char *copy_bytes(const uint8_t *data, size_t size);
char *copy_string(const uint8_t *data, size_t size);

/* Is it one line of valid UTF-8 in which nothing is invisible or turns a terminal's mind? */
bool is_printable_line(const char *text);

#endif
