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
 * line of printable characters. A run of white space becomes one space. A character that cannot
 * be seen (controls, marks of direction and format, private use) becomes a '?' for each byte,
 * and so does a byte that is no UTF-8. A text that is too long is cut between two characters.
 * Every text that a server says and a person reads goes through here.
 */
void text_printable(char *out, size_t size, const char *src, size_t len);

/* Replaces each occurrence of the `len` bytes of `secret` in `text` by "***", or by `len` stars
 * if `len` is below 3. With a `len` of 0 nothing is replaced. */
void text_hide(char *text, const char *secret, size_t len);

/* How many bytes from the beginning of `text` on are UTF-8? `len`, if all are. */
size_t text_utf8_length(const char *text, size_t len);

/* Copies `src` to `out` if all of `src` fits; else gives false and an empty string. */
bool text_copy(char *out, size_t size, const char *src) WARN_UNUSED;

/* Does `text` end in `suffix`, and is `text` longer than `suffix`? */
bool text_has_suffix(const char *text, const char *suffix);

/* Is `path` the directory, or below the directory? Both are absolute and without links. */
bool text_is_within(const char *path, const char *directory);

/* Does `text` have an ASCII control character? */
bool text_has_control(const char *text);

/* Reads all of `text` as an unsigned decimal number up to `max`; false for any other text. */
bool text_to_u64(const char *text, uint64_t max, uint64_t *ret) WARN_UNUSED;

/* Reads "2026-01-02T03:04:05Z" (also with a fraction, or an offset such as +02:00) as Unix
 * seconds; false for any other text. */
bool text_to_time(const char *text, int64_t *ret) WARN_UNUSED;

/* Writes Unix seconds as the API writes a time: "2026-01-02T03:04:05Z". */
void text_from_time(char out[static 24], int64_t seconds);

#endif
