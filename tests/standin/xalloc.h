/*
 * Memory that is always there: a test server that runs out of it has nothing better to do
 * than abort, so none of these returns NULL.
 */
#ifndef STANDIN_XALLOC_H
#define STANDIN_XALLOC_H

#include <stddef.h>

void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);

/* A copy of size bytes with a NUL after them. */
char *xmemdup(const void *bytes, size_t size);
char *xstrdup(const char *text);

/* The text in lower case, ASCII only, as GitHub compares names. */
char *xstrlower(const char *text);

char *xprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
