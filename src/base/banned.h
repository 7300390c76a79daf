/*
 * Functions that cannot be used safely enough to be worth a review. Included by force
 * before every source file; a use of one does not compile. (The idea is git's banned.h.)
 */
#ifndef GHSECRETFS_BANNED_H
#define GHSECRETFS_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With clang and checks of sizes, glibc has them as macros. */
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat strncpy strncat stpcpy
#pragma GCC poison sprintf vsprintf gets
#pragma GCC poison strtok atoi atol atoll system popen tmpnam mktemp

#endif
