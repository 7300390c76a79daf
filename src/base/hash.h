/*
 * uthash, which as it is ends the program when there is no memory for a table. Here nothing is
 * added then, and the handle's `tbl` is NULL after the add.
 */
#ifndef GHSECRETFS_HASH_H
#define GHSECRETFS_HASH_H

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#endif
