/*
 * The kinds of values that options have. Each kind is a function for the rows of options.c. The
 * functions are strict: they take a text as a whole, or refuse the text with -EINVAL.
 */
#ifndef GHSECRETFS_OPTION_VALUES_H
#define GHSECRETFS_OPTION_VALUES_H

#include "program/options.h"

/* clang-format off */
option_taker take_text;    /* any text. The field is a char * */
option_taker take_line;    /* a text without control characters. The field is a char * */
option_taker take_names;   /* names of programs with colons between. The field is a char * */
option_taker take_path;    /* a path, made absolute by path_make_absolute(). The field is a
                              char * */
option_taker take_date;    /* YYYY-MM-DD, checked for this shape alone. The field is a char * */
option_taker take_seconds; /* "10" or "0.5". The field is a uint64_t, in milliseconds, rounded
                              down */
option_taker take_number;  /* a decimal number. The field is an unsigned, uid_t or gid_t */
option_taker take_octal;   /* an octal number of at most four digits. The field is a mode_t */
option_taker take_word;    /* one of the option's words. The field is an enum */
option_taker take_choice;  /* one of the option's words. The field is a bool */
option_taker take_flag;    /* no value. The field is a bool, which becomes true */
option_taker take_result;  /* no value and no field: the result is option->min */

option_taker pass_to_libfuse;      /* with a value or without, and no field */
option_taker pass_flag_to_libfuse; /* no value. The field is a bool, which becomes true */
/* clang-format on */

/* Frees a text that the option's taker has put into the field, and sets the field to NULL. */
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
