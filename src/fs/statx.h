/*
 * FUSE_STATX, which libfuse 3.14 does not know: without it there is no birth time. Answered
 * on the FUSE descriptor itself, before libfuse sees the request. The layout is the kernel's,
 * include/uapi/linux/fuse.h since 6.6 (evidence §2.19).
 */
#ifndef GHSECRETFS_STATX_H
#define GHSECRETFS_STATX_H

#include <stdbool.h>
#include <stddef.h>

struct fs;

/* If the request is a STATX, answers it and returns true. */
bool statx_answer(struct fs *fs, const void *request, size_t len);

#endif
