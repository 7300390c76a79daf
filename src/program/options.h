/*
 * The options (contract §1.4). One row of the table says all of an option: its name, the values
 * that the option takes, the default, the line of --help, and the field of struct config. A new
 * option is a row in options.c, a field in config.h, and the use of that field.
 */
#ifndef GHSECRETFS_OPTIONS_H
#define GHSECRETFS_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "program/config.h"

struct option;

/*
 * Reads `value`, which is not empty, or NULL if the option has none, into the option's field.
 * 0; -EINVAL when the option takes no such value; another -errno when there is no memory or no
 * working directory; or, to end the reading of options, an enum config_result above 0.
 */
typedef int option_taker(struct config *config, const struct option *option, const char *value);

struct option_word {
    const char *text; /* NULL behind the last word */
    int value;        /* what the field becomes: of its enum, or a bool */
};

struct option {
    const char *name;   /* as in "-o NAME" and "--NAME" */
    option_taker *take; /* one of option_values.h, by the kind of value */
    size_t offset;      /* of the field in struct config, if `take` sets a field */

    const char *argument;            /* what --help calls the value, such as "SECONDS" */
    const struct option_word *words; /* the only values, in the order of --help; or NULL */
    /* With neither `argument` nor `words` the option has no value. */

    uint64_t min, max;    /* of a number; of seconds, in milliseconds */
    const char *expected; /* the end of "NAME=VALUE: expected ..."; NULL: made of `words` */
    const char *initial;  /* the default, written as a user would write it; or NULL */
    const char *help;    /* the text of the option's own line in --help. "": --help has the name
                            alone, since other FUSE programs have the same option. NULL: --help
                            does not name the option */
    const char *refusal; /* why the option is never taken; or NULL */
    char letter;         /* "-X" stands for the option; or '\0' */
};

/* In the order of --help. The row behind the last has no name. */
extern const struct option option_table[];

/* Does the option need a value? */
bool option_has_value(const struct option *option);

/* Writes the words of the option with `between` between two of them, but `before_last` before
 * the last one: "private, all or selected". */
void option_write_words(const struct option *option, const char *between,
    const char *before_last, char *ret, size_t size);

/* Gives each field of `config` the default that the option's row has. 0 or -ENOMEM. */
int options_set_initial(struct config *config) WARN_UNUSED;

/* Frees the texts that options have put into `config`. */
void options_release(struct config *config);

/* Takes one option: "NAME", "NAME=VALUE", "--NAME=VALUE", "-X" or "". 0; -errno, when what is
 * wrong was reported; or, to end the reading of options, an enum config_result above 0. */
int options_take(struct config *config, const char *arg) WARN_UNUSED;

#endif
