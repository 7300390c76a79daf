/*
 * A growing byte buffer that is born with its maximum. No secret may be put into one: values
 * and tokens live in a struct locked (locked.h).
 *
 * Invariant: data[len] is a NUL whenever data is not NULL, so text can be used as a string.
 */
#ifndef GHSECRETFS_BUFFER_H
#define GHSECRETFS_BUFFER_H

#include <stddef.h>

#include "base/text.h"

struct buffer {
    char *data; /* owned; NULL while nothing was added */
    size_t len;
    size_t size;
    size_t max; /* longest len, in bytes */
};

void buffer_init(struct buffer *b, size_t max);

/* Frees the data. The buffer can be used again, empty. */
void buffer_release(struct buffer *b);

/* Empties the buffer and keeps the memory. */
void buffer_clear(struct buffer *b);

/* These add to the end. 0; -EFBIG past the maximum; -ENOMEM. On an error nothing was added. */
int buffer_add(struct buffer *b, const void *data, size_t len) WARN_UNUSED;
int buffer_add_string(struct buffer *b, const char *text) WARN_UNUSED;
int buffer_printf(struct buffer *b, const char *format, ...)
    __attribute__((format(printf, 2, 3))) WARN_UNUSED;

/* Drops the first `len` bytes; the buffer must have that many. */
void buffer_drop(struct buffer *b, size_t len);

/* Gives the data to the caller, who frees them, and leaves the buffer empty. The result is
 * never NULL after a success of buffer_add(). */
char *buffer_steal(struct buffer *b);

#endif
