/*
 * The request FUSE_STATX, which libfuse 3.14 does not know, and without which the kernel learns
 * no birth time. The reply is written to the FUSE descriptor, and libfuse does not see the
 * request. The layout is that of include/uapi/linux/fuse.h in Linux 6.6 (evidence §2.19).
 */
#ifndef GHSECRETFS_STATX_H
#define GHSECRETFS_STATX_H

#include <stdbool.h>
#include <stddef.h>

struct fs;

/* Replies to the request of `len` bytes if the request is a STATX, and returns true; else
 * returns false, and libfuse must handle the request. */
bool statx_answer(struct fs *fs, const void *request, size_t len);

#endif
