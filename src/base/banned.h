/*
 * Functions that cannot be used safely enough to be worth a review. The build includes this
 * header before every source file, and a use of such a function does not compile. (The idea is
 * git's banned.h.)
 */
#ifndef GHSECRETFS_BANNED_H
#define GHSECRETFS_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With clang and checks of sizes, glibc defines these two as macros. */
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat strncpy strncat stpcpy
#pragma GCC poison sprintf vsprintf gets
#pragma GCC poison strtok atoi atol atoll system popen tmpnam mktemp

#endif
