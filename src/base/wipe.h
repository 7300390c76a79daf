/*
 * Memory that is wiped when it is freed: see wipe.c.
 */
#ifndef GHSECRETFS_WIPE_H
#define GHSECRETFS_WIPE_H

#include <stdbool.h>

/* Is it so in this build? Calling it also makes the linker take the file. */
bool wipe_on_free(void);

#endif
