/*
 * The command line, cut into options and words. "-oLIST" and "-o LIST" hold options between
 * commas. In such a list a backslash escapes a comma or a backslash; before any other character
 * the backslash stands for itself (contract §1.8), so that a command such as "printf '%s\n'"
 * needs no escapes. In all other arguments nothing is escaped. After "--" all arguments are
 * words.
 */
#ifndef GHSECRETFS_ARGUMENTS_H
#define GHSECRETFS_ARGUMENTS_H

#include "base/text.h"

/* Takes one option ("NAME", "NAME=VALUE", "--NAME=VALUE", "-X", or "") or one word. A result
 * other than 0 ends the walk. */
typedef int arguments_taker(void *data, const char *text);

/* Gives each argument behind the program's name, `argv`[0], in order, to `take_option` or to
 * `take_word`. `argv` ends with NULL. 0; the result of a taker that ended the walk; or -errno,
 * when what is wrong was reported with log_error(). */
int arguments_walk(char *const argv[], arguments_taker *take_option, arguments_taker *take_word,
    void *data) WARN_UNUSED;

#endif
