/*
 * Is a text JSON? Strict, by RFC 8259, and without building anything from the text, so that the
 * answer costs no memory, whatever a server sends.
 *
 * json-c cannot answer the question: its strict mode takes trailing commas in some versions,
 * and in 0.18 refuses every byte above 0x7f (evidence §3.8); its other mode takes comments, NaN
 * and single quotes.
 */
#ifndef GHSECRETFS_JSON_SCAN_H
#define GHSECRETFS_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* The most arrays and objects inside one another. The API's own answers are some five deep.
 * json-c before 0.19 frees objects recursively, so depth costs stack. */
#define JSON_DEPTH_MAX 32

/* Whether the `len` bytes are one JSON value with nothing but white space around the value, at
 * most JSON_DEPTH_MAX arrays and objects deep. Bytes above 0x7f in strings are not looked at:
 * json-c says whether such bytes are UTF-8. `*ret_values` is the number of values, arrays,
 * objects and members' names in the text; untouched when the result is false. */
bool json_scan(const char *text, size_t len, size_t *ret_values) WARN_UNUSED;

#endif
