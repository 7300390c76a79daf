/*
 * The process's heap, in which free() and realloc() wipe memory: see heap.c.
 */
#ifndef GHSECRETFS_HEAP_H
#define GHSECRETFS_HEAP_H

#include <stdbool.h>

/* To be called early. False: this build does not wipe, and the user should know. */
bool heap_setup(void);

/* Gives freed pages back to the kernel. To be called when much was freed. */
void heap_trim(void);

#endif
