#include "tree/dotenv.h"

#include <ctype.h>
#include <errno.h>

/* The readers of dotenv files that count, as bits. */
enum dialect { GH = 1, NODE = 2, PYTHON = 4, RUBY = 8 };

/* The text that is not read yet, and the findings about the present entry. */
struct reader {
    char *at, *end;
    unsigned line;       /* of `at` */
    unsigned refusers;   /* dialects that refuse the whole file */
    unsigned others;     /* dialects that read another value in the present entry */
    const char *problem; /* the first problem of the entry, for a person; or NULL */
    unsigned problem_line;
};

#define SINGLE "; put the value in single quotes"
#define QUOTE "; put the value in quotes"

static void refuse(struct reader *r, const char *problem)
{
    if (r->problem)
        return;
    r->problem = problem;
    r->problem_line = r->line;
}

/* These dialects change text that is to be kept as written. One such dialect is allowed; with a
 * second one the entry is refused. */
static void differs(struct reader *r, unsigned dialects, const char *problem)
{
    r->others |= dialects;
    if (r->others & (r->others - 1))
        refuse(r, problem);
}

static bool is_name_character(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static char *skip_blanks(char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

static char *line_end(const struct reader *r)
{
    char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
    return newline ? newline : r->end;
}

/* Skips blank lines and comments, to the next name or the end. */
static void skip_to_statement(struct reader *r)
{
    for (;;) {
        r->at = skip_blanks(r->at, r->end);
        if (r->at < r->end && *r->at == '#')
            r->at = line_end(r);
        if (r->at == r->end || *r->at != '\n')
            return;
        r->line++;
        r->at++;
    }
}

/* Reads the name and its end: '=', or ':' and a blank, which python does not know. */
static void read_name(struct reader *r, struct dotenv_entry *entry)
{
    static const char no_name[] =
        "a name of letters, digits and '_', and then '=', is expected; "
        "a value of several lines needs quotes";
    char *name = r->at;
    bool is_exported = r->end - name > 6 && memcmp(name, "export", 6) == 0 &&
                       (name[6] == ' ' || name[6] == '\t');
    if (is_exported)
        name = skip_blanks(name + 6, r->end);

    char *name_end = name, *at;
    while (name_end < r->end && is_name_character(*name_end))
        name_end++;
    at = skip_blanks(name_end, r->end);
    entry->name = name;
    entry->line = r->line;
    if (name_end == name || isdigit((unsigned char)*name)) {
        refuse(r, no_name);
    } else if (at < r->end && *at == '=') {
        r->at = skip_blanks(at + 1, r->end);
    } else if (at == name_end && r->end - at > 1 && at[0] == ':' &&
               (at[1] == ' ' || at[1] == '\t')) {
        differs(r, PYTHON, "':' is read in several ways in this file; write '='");
        r->at = skip_blanks(at + 1, r->end);
        if (r->at == line_end(r) || *r->at == '#' || *r->at == '=')
            refuse(r, "a ':' without a value is read in several ways; write '='");
    } else {
        refuse(r, no_name);
    }
    if (is_exported && r->at == line_end(r))
        refuse(
            r, "an exported name without a value makes Ruby refuse the file; write '' there");
    if (!r->problem)
        *name_end = '\0';
}

/* Notes the dialects that expand this '$', which is to be kept. */
static void look_at_dollar(
    struct reader *r, const char *dollar, const char *end, bool is_single)
{
    static const char problem[] = "a '$' that some expand" SINGLE;
    const char *at = dollar + 1;
    bool is_command = at < end && *at == '(';

    if (at < end && *at == '{' && memchr(at, '}', (size_t)(end - at)))
        differs(r, PYTHON, "'${' is expanded by some, in any quotes");
    if (is_single)
        return;
    at += is_command;
    at += at < end && *at == '{';
    if (is_command)
        differs(r, RUBY, problem);
    if (at < end && is_name_character(*at))
        differs(r, islower((unsigned char)*at) ? RUBY : RUBY | GH, problem);
}

/* The quote that ends a quoted value, or NULL. An odd number of backslashes escapes a quote;
 * after an even number gh looks for another quote, and the others differ on the backslashes. */
static char *find_closing(struct reader *r, char quote)
{
    unsigned backslashes = 0;
    for (char *at = r->at; at < r->end; at++) {
        if (*at == quote && backslashes % 2 == 0) {
            if (backslashes > 0)
                refuse(r, "backslashes at the end of a quoted value are read in several ways; "
                          "leave the quotes out");
            return at;
        }
        if (*at == quote && at + 1 < r->end && at[1] == quote)
            refuse(r, "an escaped quote at the end of a quoted value is read in several ways");
        backslashes = *at == '\\' ? backslashes + 1 : 0;
    }
    return NULL;
}

/* In single quotes every byte is kept. Returns `len`. */
static size_t read_single(struct reader *r, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '$')
            look_at_dollar(r, text + i, text + len, true);
        if (text[i] == '\\' && i + 1 < len && (text[i + 1] == '\\' || text[i + 1] == '\''))
            differs(r, PYTHON, "backslashes and '${' together are read in several ways");
    }
    return len;
}

/* The byte that a backslash and `c` stand for in double quotes. */
static char read_escape(struct reader *r, char c)
{
    static const char together[] = "escapes that are read in several ways together" SINGLE;
    switch (c) {
    case 'n':
        differs(r, RUBY, together);
        return '\n';
    case 'r':
        differs(r, RUBY, together);
        return '\r';
    case '\\':
    case '"':
    case '\'':
        differs(r, NODE, together);
        return c;
    default:
        refuse(r, "a backslash in double quotes before other than n, r, a backslash or a quote "
                  "is read in several ways" SINGLE);
        return c;
    }
}

/* Replaces the escapes of double quotes in place. Returns the new length. */
static size_t read_double(struct reader *r, char *text, size_t len)
{
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\\' && i + 1 < len) {
            text[used++] = read_escape(r, text[++i]);
            continue;
        }
        if (text[i] == '$')
            look_at_dollar(r, text + i, text + len, false);
        if (text[i] == '$' && i > 0 && text[i - 1] == '\\')
            refuse(r, "a backslash before '$' is read in several ways" SINGLE);
        text[used++] = text[i];
    }
    return used;
}

static void read_quoted(struct reader *r, struct dotenv_entry *entry)
{
    char quote = *r->at, *start = ++r->at;
    char *closing = find_closing(r, quote);
    if (!closing) {
        refuse(r, "a quote that is never closed; one after a backslash does not count");
        return;
    }
    unsigned newlines = 0;
    for (const char *at = start; at < closing; at++)
        newlines += *at == '\n';
    if (newlines > 0 && (r->others & PYTHON))
        refuse(r, "a value of several lines behind ':' is read in several ways; write '='");
    size_t len = (size_t)(closing - start);
    entry->value = (unsigned char *)start;
    entry->len = quote == '"' ? read_double(r, start, len) : read_single(r, start, len);
    r->line += newlines;
    r->at = skip_blanks(closing + 1, r->end);
    if (r->at < r->end && *r->at != '\n' && *r->at != '#')
        refuse(r, "there is text behind the closing quote");
}

/* Is the character at `at` a blank to some dialects only? */
static bool is_odd_space(const char *at, const char *end)
{
    static const char *const spaces[] = {"\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\x80",
        "\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85",
        "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a",
        "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
        BYTE_ORDER_MARK};
    if (*at > 0)
        return *at < ' ' && *at != '\t';
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
        size_t len = strlen(spaces[i]);
        if ((size_t)(end - at) >= len && memcmp(at, spaces[i], len) == 0)
            return true;
    }
    return false;
}

static void look_at_unquoted(struct reader *r, const char *start, const char *end)
{
    bool is_odd = start < end && is_odd_space(start, end);
    const char *last = end;

    for (const char *at = start; at < end; at++) {
        if (*at == '$')
            look_at_dollar(r, at, end, false);
        if (*at == '\\' && at + 1 < end && at[1] == '$')
            refuse(r, "a backslash before '$' is read in several ways" SINGLE);
        else if (*at == '\\' && at + 1 < end)
            differs(r, RUBY, "backslashes that are read in several ways" SINGLE);
        if ((*at & 0xc0) != 0x80)
            last = at; /* the first byte of a character of UTF-8 */
    }
    if (is_odd || (last < end && is_odd_space(last, end)))
        refuse(r, "a control character, or a space of Unicode's, at an end of the value" QUOTE);
}

/* For gh the last '#' behind a blank begins the comment, for all others the first one does. */
static void look_at_comment(struct reader *r, const char *comment, const char *end)
{
    for (const char *at = comment + 1; at < end; at++)
        if (*at == '#' && ((unsigned char)at[-1] <= ' ' || (unsigned char)at[-1] >= 0x80))
            differs(r, GH, "a comment with a '#' in it is read in several ways" QUOTE);
}

static void read_unquoted(struct reader *r, struct dotenv_entry *entry)
{
    char *start = r->at, *end = line_end(r);
    char *hash = memchr(start, '#', (size_t)(end - start));

    r->at = end;
    if (hash == start)
        refuse(r, "a value that begins with '#' is read in several ways" QUOTE);
    else if (hash && hash[-1] != ' ' && hash[-1] != '\t')
        refuse(r, "a '#' within a value is read in several ways" QUOTE);
    else if (hash)
        look_at_comment(r, hash, end);
    if (hash)
        end = hash;
    if (start < end && *start == '`' && memchr(start + 1, '`', (size_t)(r->end - start - 1)))
        refuse(r, "a value that begins with '`' is read in several ways" SINGLE);
    while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    look_at_unquoted(r, start, end);
    entry->value = (unsigned char *)start;
    entry->len = (size_t)(end - start);
}

/* False when there is a problem. */
static bool read_entry(struct reader *r, struct dotenv_entry *entry)
{
    r->others = r->refusers;
    read_name(r, entry);
    if (r->problem)
        return false;
    if (r->at < r->end && (*r->at == '"' || *r->at == '\''))
        read_quoted(r, entry);
    else
        read_unquoted(r, entry);
    return !r->problem;
}

/* CRLF becomes LF. Returns the new length. */
static size_t drop_carriage_returns(char *text, size_t len)
{
    size_t used = 0;
    for (size_t i = 0; i < len; i++)
        if (text[i] != '\r' || i + 1 == len || text[i + 1] != '\n')
            text[used++] = text[i];
    return used;
}

/* 0 or -ENOMEM. Room doubles, for realloc() copies. */
static int add_entry(struct dotenv *dotenv, size_t *room, const struct dotenv_entry *entry)
{
    if (dotenv->count == *room) {
        size_t wanted = *room ? *room * 2 : 64;
        struct dotenv_entry *grown = reallocarray(dotenv->entry, wanted, sizeof *dotenv->entry);
        if (!grown)
            return -ENOMEM;
        dotenv->entry = grown;
        *room = wanted;
    }
    dotenv->entry[dotenv->count++] = *entry;
    return 0;
}

/* Orders by name without case, and entries of one name by their order in the file. */
static int compare_entries(const void *a, const void *b)
{
    const struct dotenv_entry *const *x = a, *const *y = b;
    int order = strcasecmp((*x)->name, (*y)->name);
    return order != 0 ? order : *x < *y ? -1 : 1;
}

/* Keeps the last of several entries of one name. 0 or -ENOMEM. */
static int drop_duplicates(struct dotenv *dotenv)
{
    if (dotenv->count < 2)
        return 0;
    struct dotenv_entry **sorted = calloc(dotenv->count, sizeof(struct dotenv_entry *));
    if (!sorted)
        return -ENOMEM;
    for (size_t i = 0; i < dotenv->count; i++)
        sorted[i] = &dotenv->entry[i];
    qsort(sorted, dotenv->count, sizeof(struct dotenv_entry *), compare_entries);
    for (size_t i = 1; i < dotenv->count; i++)
        if (strcasecmp(sorted[i - 1]->name, sorted[i]->name) == 0)
            sorted[i - 1]->name = NULL;
    free(sorted);

    size_t kept = 0;
    for (size_t i = 0; i < dotenv->count; i++)
        if (dotenv->entry[i].name)
            dotenv->entry[kept++] = dotenv->entry[i];
    dotenv->count = kept;
    return 0;
}

/* The problem of the text as a whole, and its place; NULL for none. */
static const char *problem_of_text(const char *text, size_t len, const char **ret_at)
{
    const char *nul = memchr(text, '\0', len), *cr = memchr(text, '\r', len);
    size_t valid = text_utf8_length(text, len);

    *ret_at = nul ? nul : valid < len ? text + valid : cr;
    return nul           ? "a NUL byte; the file must be UTF-8 text"
           : valid < len ? "bytes that are not UTF-8"
           : cr ? "a carriage return that is no line end; lines end with LF, or CR and LF"
                : NULL;
}

static unsigned line_of(const char *text, const char *at)
{
    unsigned line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

static int refused(
    unsigned line, const char *problem, unsigned *ret_line, const char **ret_problem)
{
    *ret_line = line;
    *ret_problem = problem;
    return -EINVAL;
}

static int read_entries(
    struct reader *r, struct dotenv *dotenv, unsigned *ret_line, const char **ret_problem)
{
    size_t room = 0;
    int err = 0;
    for (skip_to_statement(r); !err && r->at < r->end; skip_to_statement(r)) {
        struct dotenv_entry entry;
        err = read_entry(r, &entry)
                  ? add_entry(dotenv, &room, &entry)
                  : refused(r->problem_line, r->problem, ret_line, ret_problem);
    }
    return err ? err : drop_duplicates(dotenv);
}

int dotenv_parse(
    char *text, size_t len, struct dotenv *ret, unsigned *ret_line, const char **ret_problem)
{
    struct dotenv dotenv = {0};
    const char *at, *problem;
    size_t mark = strlen(BYTE_ORDER_MARK);

    len = drop_carriage_returns(text, len);
    problem = problem_of_text(text, len, &at);
    if (problem)
        return refused(line_of(text, at), problem, ret_line, ret_problem);
    struct reader r = {.at = text, .end = text + len, .line = 1};
    if (len >= mark && memcmp(text, BYTE_ORDER_MARK, mark) == 0) {
        r.at += mark;
        r.refusers = GH;
    }
    int err = read_entries(&r, &dotenv, ret_line, ret_problem);
    if (err)
        dotenv_release(&dotenv);
    else
        *ret = dotenv;
    return err;
}

void dotenv_release(struct dotenv *dotenv)
{
    free(dotenv->entry);
    *dotenv = (struct dotenv){0};
}
