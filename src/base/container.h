/* From an embedded member to what it is embedded in. */
#ifndef GHSECRETFS_CONTAINER_H
#define GHSECRETFS_CONTAINER_H

#include <stddef.h>

#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
