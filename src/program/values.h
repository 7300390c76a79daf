/*
 * The texts that options have for values, read strictly: what is not a value in full is none.
 */
#ifndef GHSECRETFS_VALUES_H
#define GHSECRETFS_VALUES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/text.h"

/* YYYY-MM-DD in shape; whether there is such a day is the server's to say. */
bool value_is_date(const char *text);

/* Seconds such as "10" or "0.5", in milliseconds; less than one is dropped. */
bool value_to_ms(const char *text, uint64_t max_ms, uint64_t *ret_ms) WARN_UNUSED;

/* Octal, of at most four digits. */
bool value_to_mode(const char *text, mode_t max, mode_t *ret) WARN_UNUSED;

/* Makes a path absolute, from the working directory or, behind "~/", from $HOME: the daemon
 * works in "/". Links in the path are left alone, since token_file refuses one. 0; -EINVAL for
 * "~/" without $HOME; -ENOMEM; or what getcwd() gave. The result is the caller's to free. */
int value_to_path(const char *text, char **ret) WARN_UNUSED;

#endif
