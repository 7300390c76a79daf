/*
 * Memory for plaintext and tokens: locked into RAM, left out of core dumps, between guard
 * pages, and wiped before it is freed. No other file uses libsodium's memory functions.
 *
 * Address space for the maximum is reserved at once and locked a page at a time as the
 * buffer grows, so the bytes stay contiguous, never move and leave no copy behind. All
 * locked buffers together take at most LOCKED_TOTAL_MAX bytes, or RLIMIT_MEMLOCK if that is
 * less; beyond this total no buffer can grow (-ENOMEM).
 */
#ifndef GHSECRETFS_LOCKED_H
#define GHSECRETFS_LOCKED_H

#include <stddef.h>

#include "base/text.h"

/* Debian's default RLIMIT_MEMLOCK. */
#define LOCKED_TOTAL_MAX (8u << 20)
/* Enough for the receive buffer, a token and a dozen values being written. */
#define LOCKED_TOTAL_MIN (1u << 20)

struct locked {
    unsigned char *data; /* valid for `len` bytes; NULL before locked_init() */
    size_t len;
    size_t max;       /* longest len, in bytes */
    size_t committed; /* bytes that are locked: a multiple of the page size */
};

/* How much can be locked in all, in bytes, found by asking the kernel. Call once, before any
 * buffer; a result below LOCKED_TOTAL_MIN means that the program should not go on. */
size_t locked_setup(void);

/* Bytes that are locked now. */
size_t locked_in_use(void);

/* 0 or -ENOMEM. Nothing is locked before bytes are added. */
int locked_init(struct locked *b, size_t max) WARN_UNUSED;

/* Wipes the bytes and gives back all memory. `b` may be a zeroed struct, and is one
 * afterwards. */
void locked_release(struct locked *b);

/* Wipes the bytes and gives their pages back; the buffer can be used again. */
void locked_clear(struct locked *b);

/* Sets the length; new bytes are zero, dropped bytes are wiped. 0, -EFBIG past the maximum, or
 * -ENOMEM when no more memory can be locked. An error leaves the buffer as it was. */
int locked_resize(struct locked *b, size_t len) WARN_UNUSED;

/* Adds bytes to the end. 0, or the errors of locked_resize(). */
int locked_add(struct locked *b, const void *data, size_t len) WARN_UNUSED;

/* Wipes memory of any other kind. */
void locked_wipe(void *data, size_t len);

#endif
