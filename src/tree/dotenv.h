/*
 * The text of a dotenv file: NAME=VALUE, as `gh secret set -f` reads it. Contract §6. Knows no
 * API, and not which names can be secrets.
 *
 * - A statement is a name, '=' or ':', and a value. `export` may stand before it. Blanks around
 *   names and values are dropped; between statements there may be any white space. '#' instead
 *   of a name: the line is a comment.
 * - A value without quotes ends with its line, or before the last '#' that follows a blank:
 *   `A=a # b # c` is "a # b". The '#' that a value begins with is its own: `A= # b` is "# b".
 * - A quoted value may have several lines, and need not be the last on its line. A quote right
 *   after a backslash never closes it. In single quotes all is kept; in double quotes \n and \r
 *   are line ends, and before any other character the backslash is dropped.
 * - CRLF is LF everywhere.
 * - '$' is a character like others. Nothing is expanded, and `\$` is '$', but in single quotes.
 *   So a file that keeps gh from expanding anything says the same here.
 *
 * Where gh does otherwise:
 * - $NAME, ${NAME} and $(NAME) are expanded there. In double quotes `\\$` is '$' there, and
 * here a backslash and '$'.
 * - An escaped quote just before the closing one is lost there, and its backslash stays:
 *   "say \"hi\"" is read as [say "hi\].
 * - Bytes that are no UTF-8 become U+FFFD there in a value without quotes; here they are kept.
 * - A name at the end of the file with nothing after it is there the value of a secret without
 *   a name. Here it is refused.
 * - A byte order mark is refused there, and passed over here.
 * - Of `a` and `A` both are sent there, in any order. Here they are one secret.
 */
#ifndef GHSECRETFS_DOTENV_H
#define GHSECRETFS_DOTENV_H

#include "base/text.h"

struct dotenv_entry {
    const char *name; /* as it was written, and perhaps no secret's: "", "a.b", "a b" */
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
