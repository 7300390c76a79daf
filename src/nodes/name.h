/*
 * Names: which names a secret can have, and how a server's name becomes a file's.
 */
#ifndef GHSECRETFS_NAME_H
#define GHSECRETFS_NAME_H

#include <limits.h>
#include <stdbool.h>

#include "base/text.h"

/* A file name with its NUL. */
#define NAME_SIZE (NAME_MAX + 1)

/* NULL if a secret can have the name; else the rule that the name breaks, for a person. The
 * rules are GitHub's: letters, digits and '_'; no digit first; no GITHUB_ prefix. */
const char *name_secret_problem(const char *name);

/* Could GitHub have an account, a repository, a secret of that name? GitHub is not asked about
 * impossible names: shells and editors look for .git and the like at every level. */
bool name_is_account(const char *name);
bool name_is_repository(const char *name);
bool name_is_secret(const char *name);

/* The file that takes many secrets at once (contract §6.1). Case does not matter. */
#define NAME_BULK ".env"
bool name_is_bulk(const char *name);

/* Is a file that is created under `name` a staging file by its name (contract §3.29)? Some
 * names that a secret could have are temporary only if the file is created with O_EXCL:
 * `exclusive` says so. */
bool name_is_staging(const char *name, bool exclusive);

/* Is a file that is created under `name` as mkstemp(3) creates files (O_RDWR, O_CREAT, O_EXCL,
 * mode 0600) a staging file by its name? Any name that no secret can have, but `.env`, and any
 * that begins with `tmp` or is of zip's form (contract §3.29). */
bool name_is_temporary(const char *name);

/* Programs that call mkstemp(3) also name a temporary file after a target, with six or more
 * random characters behind the target's name (contract §3.29). The length of the longest target
 * name that `name` can have been made from; 0 if there can be none. */
size_t name_stem_length(const char *name);

/* Makes the name of a secret what GitHub stores: upper case. */
void name_to_upper(char *name);

/* Makes a file name of a server's name: '%', '/', control bytes, and every byte of "." and
 * "..", are percent-encoded. False if the file name would be empty or longer than NAME_MAX. */
bool name_encode(const char *name, char out[static NAME_SIZE]) WARN_UNUSED;

/* Makes the server's name of a file name. False for a file name that name_encode() never gives,
 * so that no file has that name. Hexadecimal digits may be in either case. */
bool name_decode(const char *file_name, char out[static NAME_SIZE]) WARN_UNUSED;

#endif
