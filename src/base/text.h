/*
 * Small rules about text that more than one layer needs.
 */
#ifndef GHSECRETFS_TEXT_H
#define GHSECRETFS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WARN_UNUSED __attribute__((warn_unused_result))

/* U+FEFF in UTF-8: some editors put it before a text. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/*
 * Copies at most `len` bytes of `src` to `out` (of `size` bytes, always terminated) as one
 * line of printable characters: runs of white space become one space; each byte of a character
 * that cannot be seen (controls, marks of direction and format, private use) or of what is no
 * UTF-8 becomes '?'. What does not fit is cut at a character. For everything that a server says
 * and a person reads.
 */
void text_printable(char *out, size_t size, const char *src, size_t len);

/* Replaces each occurrence of the `len` bytes of `secret` in `text` by "***" (by fewer stars
 * where `len` is smaller than that). Nothing to hide: `len` is 0. */
void text_hide(char *text, const char *secret, size_t len);

/* How many bytes from the beginning on are UTF-8? `len`, if all are. */
size_t text_utf8_length(const char *text, size_t len);

/* Copies `src` to `out` if it fits whole; false, and an empty string, if it does not. */
bool text_copy(char *out, size_t size, const char *src) WARN_UNUSED;

/* Does it end in `suffix`, with something before it? */
bool text_has_suffix(const char *text, const char *suffix);

/* Is it a path of the directory itself, or of what is below? Both are absolute, without links. */
bool text_is_within(const char *path, const char *directory);

/* Is an ASCII control character in it? */
bool text_has_control(const char *text);

/* A whole string as an unsigned decimal number up to `max`; false for anything else. */
bool text_to_u64(const char *text, uint64_t max, uint64_t *ret) WARN_UNUSED;

/* "2026-01-02T03:04:05Z" (also with a fraction, or an offset as +02:00) as Unix seconds;
 * false for anything else. */
bool text_to_time(const char *text, int64_t *ret) WARN_UNUSED;

/* Unix seconds as the API writes them: "2026-01-02T03:04:05Z". */
void text_from_time(char out[static 24], int64_t seconds);

#endif
