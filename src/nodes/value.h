/*
 * What is written to a file: its bytes, in locked memory, and which of the bytes will be sent.
 * Contract §3.7 to §3.13.
 */
#ifndef GHSECRETFS_VALUE_H
#define GHSECRETFS_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/locked.h"
#include "github/call.h"

/* The most bytes that a file of each kind takes. For a secret: a value of the greatest length,
 * and a line end of two bytes that will not be sent. For a staging file: contract §3.29; for a
 * bulk file: contract §6.1. */
#define VALUE_MAX_SECRET (SECRET_VALUE_MAX + 2)
#define VALUE_MAX_STAGING (256u << 10)
#define VALUE_MAX_BULK (1u << 20)

enum newline { NEWLINE_AUTO, NEWLINE_KEEP };

struct value {
    struct locked bytes;
    /* From the first hole on: 1 for each byte of `bytes` that was written, else 0.
     * Owned; NULL before. */
    unsigned char *written;
    bool sparse;       /* holes are zeroes, and any length can be set, as in a regular file */
    bool starts_empty; /* the file was truncated or made at open: no older value is meant */
    bool is_secret;    /* value_limit() was called */
    enum newline newline; /* as value_limit() says */
    bool dirty;           /* there are bytes that no upload was tried with */
    int spoilt;           /* -errno, until the value is truncated to nothing; 0: not spoilt */
    struct { /* "probes": single zero bytes that glibc's posix_fallocate writes past the end */
        size_t last; /* offset of the last probe, if the last write was a probe; else 0 */
        size_t from; /* length of the value before the first of these probes */
    } probe;
};

/* Makes an empty value for at most `max` bytes. 0; -ENOMEM: no memory can be locked. */
int value_init(struct value *value, size_t max) WARN_UNUSED;
/* Wipes and frees the bytes. A zeroed struct may be released. */
void value_release(struct value *value);

/* The value is to be a secret's, sent under the rule `newline`: from now on a write is -EFBIG
 * once the value is too long to be sent, whatever else may be appended. */
void value_limit(struct value *value, enum newline newline);

/*
 * Takes a write. 0; -EFBIG past the maximum; -ENOMEM. An error spoils the value: every later
 * write, and value_payload(), returns the same error. Only -EFBIG for a posix_fallocate(3) that
 * was too long leaves the value as the value was before that call.
 */
int value_write(struct value *value, const void *data, size_t len, uint64_t offset) WARN_UNUSED;

/* Has the value a hole, which later writes may still fill? A sparse value has none. */
bool value_has_hole(const struct value *value);

/* The writer failed, so its bytes are no value: wipes the value, and spoils it with
 * -ECANCELED. */
void value_drop(struct value *value);

/* Wipes the value, which is then empty and not spoilt. */
void value_clear(struct value *value);

/* clang-format off */
/*
 * Sets the length of the value to `len`. -EFBIG or -ENOMEM: the value is as it was.
 *   0                 as value_clear()
 *   sparse value      cuts bytes off, or adds zeroes
 *   spoilt value      returns value->spoilt
 *   present length    nothing to do
 *   shorter           cuts off zeroes; -EINVAL if other bytes would be cut off
 *   longer            adds zeroes if the value starts empty; else -EINVAL
 * The first line that applies counts. In a value that starts empty, holes become zeroes by any
 * of the last three.
 */
/* clang-format on */
int value_truncate(struct value *value, uint64_t len) WARN_UNUSED;

/*
 * The bytes to send as a secret, borrowed. With NEWLINE_AUTO a value of one line loses its line
 * end; a value of several lines is kept byte for byte. `*ret_len` 0: nothing is to be sent. 0;
 * -EFBIG if the value is too long; -EINVAL if the value has a hole; value->spoilt if not 0.
 */
int value_payload(const struct value *value, enum newline newline, const unsigned char **ret,
    size_t *ret_len) WARN_UNUSED;

/* In words for a person: why value_write(), value_truncate() or value_payload() gave `err`. */
const char *value_problem(const struct value *value, int err);

#endif
