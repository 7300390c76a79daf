/*
 * The flag FUSE_PARALLEL_DIROPS, which libfuse before 3.16.2 accepts but does not pass on to
 * the kernel (evidence §2.20). Without the flag the lookups in one directory wait for each
 * other, so that twenty lookups at once take twenty round trips.
 */
#ifndef GHSECRETFS_PARALLEL_DIROPS_H
#define GHSECRETFS_PARALLEL_DIROPS_H

#include "base/text.h"

struct fs;

/* Makes the reply to INIT carry the flag where libfuse leaves the flag out. Call after
 * mounting, before the first request. 0 or -errno. */
int parallel_dirops_setup(struct fs *fs) WARN_UNUSED;

#endif
