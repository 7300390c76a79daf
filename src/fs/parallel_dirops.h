/*
 * FUSE_PARALLEL_DIROPS, which libfuse before 3.16.2 takes but does not pass on to the kernel
 * (evidence §2.20): without it lookups in one directory wait for each other, so that twenty of
 * them at once take twenty round trips.
 */
#ifndef GHSECRETFS_PARALLEL_DIROPS_H
#define GHSECRETFS_PARALLEL_DIROPS_H

#include "base/text.h"

struct fs;

/* Puts the flag into the reply to INIT where libfuse does not. After mounting, before the
 * first request. 0 or -errno. */
int parallel_dirops_setup(struct fs *fs) WARN_UNUSED;

#endif
