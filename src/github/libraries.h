/*
 * The libraries beneath the API client, for a person who reports a bug.
 */
#ifndef GHSECRETFS_LIBRARIES_H
#define GHSECRETFS_LIBRARIES_H

#include <stdio.h>

/* Prints a line for each library: its name, and the version that runs, which need not be the
 * version that the program was built with. */
void libraries_print(FILE *out);

#endif
