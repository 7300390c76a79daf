#include "program/arguments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* Copies the first option of `list` to `out`, without the escapes; returns the end of the
 * option in the list. */
static const char *unescape(const char *list, char *out)
{
    while (*list && *list != ',') {
        list += list[0] == '\\' && (list[1] == ',' || list[1] == '\\');
        *out++ = *list++;
    }
    *out = '\0';
    return list;
}

/* libfuse's fuse_opt_parse() cannot be used: it drops every backslash, and reads three digits
 * behind a backslash as a character. */
static int walk_list(const char *list, arguments_taker *take_option, void *data)
{
    char *option = malloc(strlen(list) + 1);
    if (!option) {
        log_error("not enough memory to read the options");
        return -ENOMEM;
    }
    int err;
    do {
        list = unescape(list, option);
        err = take_option(data, option);
    } while (!err && *list++);
    free(option);
    return err;
}

int arguments_walk(
    char *const argv[], arguments_taker *take_option, arguments_taker *take_word, void *data)
{
    bool words_only = false;
    int err = 0;
    for (char *const *arg = argv + 1; !err && *argv && *arg; arg++) {
        if (words_only || (*arg)[0] != '-') {
            err = take_word(data, *arg);
        } else if (strcmp(*arg, "--") == 0) {
            words_only = true;
        } else if ((*arg)[1] != 'o') {
            err = take_option(data, *arg);
        } else if ((*arg)[2]) {
            err = walk_list(*arg + 2, take_option, data);
        } else if (arg[1]) {
            err = walk_list(*++arg, take_option, data);
        } else {
            log_error("-o: the options are missing behind it: see 'ghsecretfs --help'");
            err = -EINVAL;
        }
    }
    return err;
}
