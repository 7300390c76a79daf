/*
 * Memory for plaintext and tokens: locked into RAM, left out of core dumps, between guard
 * pages, wiped when it goes. The only user of libsodium's memory functions.
 *
 * Address space for the maximum is reserved at once and locked a page at a time as the
 * buffer grows, so the bytes stay contiguous, never move and leave no copy behind. All
 * locked buffers together take at most LOCKED_TOTAL_MAX (less where RLIMIT_MEMLOCK is
 * less); past that growing is -ENOMEM.
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

/* Wipes and gives back everything. Also right for a zeroed struct. */
void locked_release(struct locked *b);

/* Wipes the bytes and gives their pages back; the buffer can be used again. */
void locked_clear(struct locked *b);

/* Sets the length; new bytes are zero, dropped ones are wiped. 0, -EFBIG past the maximum, or
 * -ENOMEM when no more memory can be locked; the buffer is then as it was. */
int locked_resize(struct locked *b, size_t len) WARN_UNUSED;

/* Appends; errors as of locked_resize(). */
int locked_add(struct locked *b, const void *data, size_t len) WARN_UNUSED;

/* Wipes memory that is not a locked buffer's. */
void locked_wipe(void *data, size_t len);

#endif
