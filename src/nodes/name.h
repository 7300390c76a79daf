/*
 * Names: which ones can be secrets, and how a server's name becomes a file's.
 */
#ifndef GHSECRETFS_NAME_H
#define GHSECRETFS_NAME_H

#include <limits.h>
#include <stdbool.h>

#include "base/text.h"

/* A file name with its NUL. */
#define NAME_SIZE (NAME_MAX + 1)

/* NULL when the name can be a secret's, else the rule that it breaks, for a person. The
 * rules are GitHub's: letters, digits and '_'; no digit first; no GITHUB_ prefix. */
const char *name_secret_problem(const char *name);

/* Could GitHub have an account, a repository of that name? What could not be there is not
 * asked for: shells and editors look for .git and the like at every level. */
bool name_is_account(const char *name);
bool name_is_repository(const char *name);
bool name_is_secret(const char *name);

/* The file that takes many secrets at once (contract §6.1); also spelled in upper case. */
#define NAME_BULK ".env"
bool name_is_bulk(const char *name);

/* Is it a temporary name, as tools give to what they will rename (contract §3.29)? `exclusive`:
 * it is created with O_EXCL, which makes temporary names of some that could be a secret's. */
bool name_is_staging(const char *name, bool exclusive);

/* The same of a file made as mkstemp(3) makes one (O_RDWR, O_CREAT, O_EXCL, mode 0600), which
 * more programs do, under names of their own taste: any that cannot be a secret's, and those
 * that begin with `tmp`, or are zip's. */
bool name_is_temporary(const char *name);

/* Such programs also put random characters behind a name. The length of the longest beginning
 * of `name` that has enough of them behind it, or 0. */
size_t name_stem_length(const char *name);

/* The canonical form: GitHub stores secrets' names in upper case. */
void name_to_upper(char *name);

/*
 * A server's name as a file name: '%', '/', control bytes, and all of a name that is "." or
 * "..", percent-encoded. False when it is empty or longer than NAME_MAX.
 */
bool name_encode(const char *name, char out[static NAME_SIZE]) WARN_UNUSED;

/* The reverse. False for what name_encode() never gives: a file of that name is not there. */
bool name_decode(const char *file_name, char out[static NAME_SIZE]) WARN_UNUSED;

#endif
