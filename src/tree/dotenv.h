/*
 * The text of a dotenv file: NAME=VALUE. Contract §6.2. Knows no API, and not which names can
 * be secrets.
 *
 * Nothing is guessed. There are as many dialects as readers; four of them count here: gh's
 * (godotenv), Node's dotenv, python-dotenv and Ruby's dotenv, in their present versions. What
 * is written is taken only where all of them, or all but one, read the same. docs/dotenv.md has
 * the table of what that is.
 */
#ifndef GHSECRETFS_DOTENV_H
#define GHSECRETFS_DOTENV_H

#include "base/text.h"

struct dotenv_entry {
    const char *name; /* letters, digits and '_' */
    const unsigned char *value;
    size_t len;
    unsigned line; /* of the name; the first is 1 */
};

/* In the order of the file. Of names that differ in case at most there is the last. */
struct dotenv {
    struct dotenv_entry *entry; /* owned */
    size_t count;
};

/*
 * Takes the text apart in place. Names and values point into it, so plaintext stays in the
 * memory where the caller keeps it; only the array is allocated. Nothing is read or written
 * behind `len`. 0; -EINVAL with `ret_line` and, in words for a person, `ret_problem` (static);
 * -ENOMEM. After an error the text is in no particular state.
 *
 * No problem has a part of the text in it. Nor should who refuses a name show it: in a file
 * that lacks a quote, the second line of a value is read as a name.
 */
int dotenv_parse(char *text, size_t len, struct dotenv *ret, unsigned *ret_line,
    const char **ret_problem) WARN_UNUSED;
void dotenv_release(struct dotenv *dotenv);

#endif
