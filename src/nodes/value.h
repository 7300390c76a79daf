/*
 * What is written to a file: the bytes, in locked memory, and what will be sent of them.
 * Contract §3.7 to §3.13.
 */
#ifndef GHSECRETFS_VALUE_H
#define GHSECRETFS_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/locked.h"
#include "github/call.h"

/* The longest that a file of each kind takes, in bytes. A secret's value may have a line end on
 * top that will not be sent; the others are contract §3.29 and §6.1. */
#define VALUE_MAX_SECRET (SECRET_VALUE_MAX + 2)
#define VALUE_MAX_STAGING (256u << 10)
#define VALUE_MAX_BULK (1u << 20)

enum newline { NEWLINE_AUTO, NEWLINE_KEEP };

struct value {
    struct locked bytes;
    /* Once there was a hole: for each byte of `bytes` 1 if it was written, else 0. Owned. */
    unsigned char *written;
    bool sparse;       /* holes are zeroes, and any length can be set, as in a regular file */
    bool starts_empty; /* nothing of an older value is meant to be left in it */
    bool is_secret;    /* sent whole, so that its length is limited, by this rule: */
    enum newline newline;
    bool dirty; /* there are bytes that no upload was tried with */
    int spoilt; /* -errno: it is spoilt until it is truncated to nothing; or 0 */
    struct {    /* the single zero bytes past the end that glibc's posix_fallocate writes */
        size_t last; /* offset of the last one, if the last write was such; else 0 */
        size_t from; /* length of the value before the first one */
    } probe;
};

/* For at most `max` bytes. 0 or -ENOMEM: no memory can be locked. */
int value_init(struct value *value, size_t max) WARN_UNUSED;
/* Wipes. Also right for a zeroed struct. */
void value_release(struct value *value);

/* From here on it is a secret's: a write after which it is too long to be sent, whatever is
 * appended to it, is -EFBIG. */
void value_limit(struct value *value, enum newline newline);

/*
 * Takes a write. 0; -EFBIG past the maximum; -ENOMEM. An error spoils the value: every later
 * write, value_payload() too, gives it again; but that of a refused posix_fallocate(3) leaves
 * the value as it was before.
 */
int value_write(struct value *value, const void *data, size_t len, uint64_t offset) WARN_UNUSED;

/* Is there a hole, which later writes may still fill? */
bool value_has_hole(const struct value *value);

/* What a writer that has failed left is no value: spoils it with -ECANCELED, and wipes it. */
void value_drop(struct value *value);

/* To nothing: as it was at open. */
void value_clear(struct value *value);

/*
 * To nothing: the same. To the length written: nothing to do. To a shorter one: cuts off
 * zeroes, else -EINVAL. To a longer one: fills it with zeroes if it starts empty, else -EINVAL.
 * Holes of one that starts empty are zeroes from then on. A sparse value takes any length.
 * -EFBIG or -ENOMEM: it is as it was.
 */
int value_truncate(struct value *value, uint64_t len) WARN_UNUSED;

/*
 * The bytes to send as a secret, borrowed. With NEWLINE_AUTO a value of one line loses its line
 * end; a value of several lines is kept byte for byte. `*ret_len` 0: nothing to send. 0;
 * -EFBIG for one that is too long; -EINVAL for one with a hole; -errno when it is spoilt.
 */
int value_payload(const struct value *value, enum newline newline, const unsigned char **ret,
    size_t *ret_len) WARN_UNUSED;

/* What spoilt it, or why it cannot be sent, for a person; NULL is none that there is yet. */
const char *value_problem(const struct value *value, int err);

#endif
