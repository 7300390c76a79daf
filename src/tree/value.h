/*
 * A value while it is being written: the bytes since the file was opened, in locked memory,
 * and what will be sent of them. Contract §3.
 */
#ifndef GHSECRETFS_VALUE_H
#define GHSECRETFS_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/locked.h"

enum newline { NEWLINE_AUTO, NEWLINE_KEEP };

struct value {
    struct locked bytes;
    enum newline newline;
    bool append; /* offsets mean nothing: O_APPEND */
    bool dirty;  /* there are bytes that no upload was tried with */
    int spoilt;  /* -errno: the handle is spoilt until it is truncated to nothing; or 0 */
};

/* 0 or -ENOMEM: no memory can be locked. */
int value_init(struct value *value, enum newline newline, bool append) WARN_UNUSED;
/* Wipes. Also right for a zeroed struct. */
void value_release(struct value *value);

/*
 * Takes a write. 0; -EFBIG past what can be sent; -EINVAL for a hole; -ENOMEM. An error
 * spoils the value: this and every later write, value_payload() too, gives it again.
 */
int value_write(struct value *value, const void *data, size_t len, uint64_t offset) WARN_UNUSED;

/* To nothing: as it was at open. To the length written: nothing to do. Any other: -EINVAL. */
int value_truncate(struct value *value, uint64_t len) WARN_UNUSED;

/*
 * The bytes to send, borrowed. With NEWLINE_AUTO a value of one line loses its line end; a
 * value of several lines is kept byte for byte. `*ret_len` 0: nothing to send. 0; or
 * -errno when the value is spoilt, which -EFBIG for one that is too long makes it.
 */
int value_payload(struct value *value, const unsigned char **ret, size_t *ret_len) WARN_UNUSED;

#endif
