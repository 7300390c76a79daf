/*
 * The percent-encoding of a part of a URL.
 */
#ifndef STANDIN_PERCENT_H
#define STANDIN_PERCENT_H

#include <stddef.h>

/* The caller's, or NULL for a bad escape, and for %00, which no name can hold. */
char *percent_decode(const char *text, size_t size);

/* Escapes all but RFC 3986's unreserved characters. The result is the caller's. */
char *percent_encode(const char *text);

/*
 * One spelling for all the ways to encode a path: decoded between the slashes and encoded
 * again. The caller's; NULL when it does not decode.
 */
char *percent_normalize_path(const char *path);

#endif
