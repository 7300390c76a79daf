/*
 * The text of a dotenv file: NAME=VALUE. Contract §6.2. Knows neither the API nor which names a
 * secret can have.
 *
 * Nothing is guessed. Every reader of dotenv files has a dialect; four readers count here: gh's
 * (godotenv), Node's dotenv, python-dotenv and Ruby's dotenv, in their present versions. A line
 * is taken only when at least three of the four read the same value in it. docs/dotenv.md has
 * the table of such lines.
 */
#ifndef GHSECRETFS_DOTENV_H
#define GHSECRETFS_DOTENV_H

#include "base/text.h"

struct dotenv_entry {
    const char *name; /* letters, digits and '_' */
    const unsigned char *value;
    size_t len;
    unsigned line; /* the line of the name; the first line is 1 */
};

/* The entries in the order of the file. Of entries whose names differ at most in case only the
 * last is there. */
struct dotenv {
    struct dotenv_entry *entry; /* owned */
    size_t count;
};

/*
 * Takes the text apart in place. Names and values point into `text`, so plaintext stays in the
 * memory where the caller keeps the text; only the array is allocated. Nothing is read or
 * written behind `len`. 0; -EINVAL with `ret_line` and, in words for a person, `ret_problem`
 * (static); -ENOMEM. After an error the text is in no particular state.
 *
 * `ret_problem` never shows a part of the text. A caller that refuses a name must not show the
 * name either: where a quote is missing, the second line of a value is read as a name.
 */
int dotenv_parse(char *text, size_t len, struct dotenv *ret, unsigned *ret_line,
    const char **ret_problem) WARN_UNUSED;
void dotenv_release(struct dotenv *dotenv);

#endif
