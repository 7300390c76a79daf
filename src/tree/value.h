/*
 * What is written to a file: the bytes, in locked memory, and what will be sent of them.
 * Contract §3.
 */
#ifndef GHSECRETFS_VALUE_H
#define GHSECRETFS_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/locked.h"
#include "github/call.h"

/* The longest that a file of each kind takes, in bytes. A secret's value may have a line end on
 * top that will not be sent; the others are the contract's, §3 and §6. */
#define VALUE_MAX_SECRET (SECRET_VALUE_MAX + 2)
#define VALUE_MAX_STAGING (256u << 10)
#define VALUE_MAX_BULK (1u << 20)

enum newline { NEWLINE_AUTO, NEWLINE_KEEP };

struct value {
    struct locked bytes;
    bool sparse; /* holes are zeroes, and any length can be set, as in a regular file */
    bool dirty;  /* there are bytes that no upload was tried with */
    int spoilt;  /* -errno: it is spoilt until it is truncated to nothing; or 0 */
};

/* For at most `max` bytes. 0 or -ENOMEM: no memory can be locked. */
int value_init(struct value *value, size_t max) WARN_UNUSED;
/* Wipes. Also right for a zeroed struct. */
void value_release(struct value *value);

/*
 * Takes a write. 0; -EFBIG past the maximum; -EINVAL for a hole; -ENOMEM. An error spoils the
 * value: this and every later write, value_payload() too, gives it again.
 */
int value_write(struct value *value, const void *data, size_t len, uint64_t offset) WARN_UNUSED;

/* To nothing: as it was at open. */
void value_clear(struct value *value);

/* To nothing: the same. To the length written: nothing to do. Any other: -EINVAL, but
 * for a sparse value, which gives -EFBIG or -ENOMEM and is then as it was. */
int value_truncate(struct value *value, uint64_t len) WARN_UNUSED;

/*
 * The bytes to send as a secret, borrowed. With NEWLINE_AUTO a value of one line loses its line
 * end; a value of several lines is kept byte for byte. `*ret_len` 0: nothing to send. 0;
 * -EFBIG for one that is too long; -errno when it is spoilt.
 */
int value_payload(const struct value *value, enum newline newline, const unsigned char **ret,
    size_t *ret_len) WARN_UNUSED;

/* What spoilt it, or why it cannot be sent, for a person. */
const char *value_problem(const struct value *value, int err);

#endif
