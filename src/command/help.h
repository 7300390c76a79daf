/*
 * What --help and --version print.
 */
#ifndef GHSECRETFS_HELP_H
#define GHSECRETFS_HELP_H

#include <stdio.h>

/* At most 24 lines of 80 columns, so that it fits the smallest terminal. */
void help_print(FILE *out);

void help_version(FILE *out);

#endif
