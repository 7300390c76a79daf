/*
 * The process's heap. What is freed is wiped: see heap.c.
 */
#ifndef GHSECRETFS_HEAP_H
#define GHSECRETFS_HEAP_H

#include <stdbool.h>

/* To be called early. False: what is freed stays as it was, and the user should know. */
bool heap_setup(void);

/* Gives the pages of what was freed back to the kernel. To be called when much was freed. */
void heap_trim(void);

#endif
