/*
 * The libraries beneath the API client, for who reports a bug.
 */
#ifndef GHSECRETFS_LIBRARIES_H
#define GHSECRETFS_LIBRARIES_H

#include <stdio.h>

/* Prints a line for each: its name and the version that runs, which need not be the one that
 * was built with. */
void libraries_print(FILE *out);

#endif
