/*
 * The kinds of values that options have. Each kind is a function for the rows of options.h. All
 * are strict: a text is a value as a whole, or -EINVAL.
 */
#ifndef GHSECRETFS_OPTION_VALUES_H
#define GHSECRETFS_OPTION_VALUES_H

#include "program/options.h"

/* clang-format off */
option_taker take_text;    /* any text; the field is a char * */
option_taker take_line;    /* a text without control characters; the field is a char * */
option_taker take_names;   /* names of programs with colons between; the field is a char * */
option_taker take_path;    /* made absolute by path_make_absolute(); the field is a char * */
option_taker take_date;    /* YYYY-MM-DD in shape, whether or not there is such a day, which the
                              server says; the field is a char * */
option_taker take_seconds; /* "10" or "0.5", without what is less than a millisecond; the field is a
                              uint64_t of milliseconds */
option_taker take_number;  /* the field is an unsigned, uid_t or gid_t */
option_taker take_octal;   /* at most four digits; the field is a mode_t */
option_taker take_word;    /* one of the option's words; the field is an enum */
option_taker take_choice;  /* one of the option's words; the field is a bool */
option_taker take_flag;    /* no value: the option makes its field, a bool, true */
option_taker take_result;  /* no value, and no field: option->min is the enum config_result */

option_taker pass_to_libfuse;      /* no field; with or without a value */
option_taker pass_flag_to_libfuse; /* no value, and the field, a bool, becomes true as well */
/* clang-format on */

/* Frees what the option's taker put into the field, if that is a text; the field is NULL then.
 */
void option_free_text(struct config *config, const struct option *option);

/* What -EINVAL means for a path. */
#define EXPECTED_PATH "a path without '~/', since $HOME is not set"

/* Makes a path absolute, from the working directory or, behind "~/", from $HOME: the daemon
 * works in "/". Links in the path are left alone, since token_file refuses a link. 0; -EINVAL
 * for "~/" without $HOME; -ENOMEM; or what getcwd() gave. The caller frees `ret`. */
int path_make_absolute(const char *text, char **ret) WARN_UNUSED;

/* For a message: what an error of path_make_absolute(), or -ENOMEM of any taker, means. */
const char *path_problem(int err);

#endif
