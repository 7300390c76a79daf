/* From a pointer to a member to the struct that the member is embedded in. */
#ifndef GHSECRETFS_CONTAINER_H
#define GHSECRETFS_CONTAINER_H

#include <stddef.h>

#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
