/*
 * What --help and --version print.
 */
#ifndef GHSECRETFS_HELP_H
#define GHSECRETFS_HELP_H

#include <stdio.h>

/* Prints at most 24 lines of 80 columns, so that the help fits the smallest terminal. */
void help_print(FILE *out);

/* Prints the program's own version and libfuse's. */
void help_version(FILE *out);

#endif
