/*
 * The command line, cut into options and words. "-oLIST" and "-o LIST" hold options between
 * commas; in such a list a backslash escapes a comma or a backslash, and before any other
 * character the backslash stands for itself (contract §1.8: a command such as
 * "printf '%s\n'" is given as it is). Every other argument is taken as it stands. After "--"
 * all arguments are words.
 */
#ifndef GHSECRETFS_ARGUMENTS_H
#define GHSECRETFS_ARGUMENTS_H

#include "base/text.h"

/* Takes one option ("NAME", "NAME=VALUE", "--NAME=VALUE", "-X"; it may be empty) or one word.
 * Another result than 0 ends the walk. */
typedef int arguments_taker(void *data, const char *text);

/* Gives the arguments behind the program's name, `argv`[0], in their order to one of the two.
 * `argv` ends with NULL. 0; what a taker returned; or -errno, when what is wrong was reported
 * with log_error(). */
int arguments_walk(char *const argv[], arguments_taker *take_option, arguments_taker *take_word,
    void *data) WARN_UNUSED;

#endif
