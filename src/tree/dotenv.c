#include "tree/dotenv.h"

#include <errno.h>

/* What is left of the text. */
struct reader {
    char *at, *end;
    unsigned line; /* of `at` */
};

static bool starts_with(const char *at, const char *end, const char *prefix)
{
    size_t len = strlen(prefix);
    return (size_t)(end - at) >= len && memcmp(at, prefix, len) == 0;
}

/* Length of the first of `strings` (up to NULL) that the text starts with, or 0. */
static size_t match(const char *at, const char *end, const char *const strings[])
{
    for (; *strings; strings++)
        if (starts_with(at, end, *strings))
            return strlen(*strings);
    return 0;
}

/* White space within a line; the last two are U+0085 and U+00A0. */
static const char *const blanks[] = {" ", "\t", "\v", "\f", "\r", "\xc2\x85", "\xc2\xa0", NULL};

/* Other characters that Unicode calls white space, U+1680 to U+3000. */
static const char *const wide_spaces[] = {"\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
    "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
    "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
    "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80", NULL};

static size_t blank_length(const char *at, const char *end)
{
    return match(at, end, blanks);
}

static char *skip_blanks(char *at, const char *end)
{
    size_t len;
    while ((len = blank_length(at, end)) > 0)
        at += len;
    return at;
}

/* The end of start…end without the blanks there. */
static char *trim_end(char *start, char *end)
{
    for (;;) {
        if (end > start && blank_length(end - 1, end) == 1)
            end--;
        else if (end - start > 1 && blank_length(end - 2, end) == 2)
            end -= 2;
        else
            return end;
    }
}

/* To the next name, or the end. */
static void skip_to_statement(struct reader *r)
{
    for (;;) {
        r->at = skip_blanks(r->at, r->end);
        if (r->at == r->end)
            return;
        size_t len = match(r->at, r->end, wide_spaces);
        if (*r->at == '#') {
            char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
            r->at = newline ? newline : r->end;
        } else if (*r->at == '\n') {
            r->line++;
            r->at++;
        } else if (len > 0) {
            r->at += len;
        } else {
            return;
        }
    }
}

/* The name and what ends it. NULL, or the problem. */
static const char *read_name(struct reader *r, struct dotenv_entry *entry)
{
    char *name = r->at;
    if (starts_with(name, r->end, "export") && blank_length(name + 6, r->end) > 0)
        name = skip_blanks(name + 6, r->end);

    char *at = name;
    while (at < r->end && *at != '=' && *at != ':' && *at != '\n')
        at++;
    if (memchr(name, '\0', (size_t)(at - name)))
        return "a NUL byte in a name; the file must be UTF-8 text";
    if (at == r->end || *at == '\n')
        return "no '=' in the line; a value of several lines needs quotes";
    entry->name = name;
    entry->line = r->line;
    r->at = skip_blanks(at + 1, r->end);
    *trim_end(name, at) = '\0';
    return NULL;
}

static char unescaped(char c)
{
    return c == 'n' ? '\n' : c == 'r' ? '\r' : c;
}

/* Drops the backslashes that escape something: `only` that character, or any if it is 0. The
 * new length. */
static size_t unescape(char *text, size_t len, char only)
{
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        bool escapes = text[i] == '\\' && i + 1 < len && (!only || text[i + 1] == only);
        text[used++] = escapes ? unescaped(text[++i]) : text[i];
    }
    return used;
}

static const char *read_quoted(struct reader *r, struct dotenv_entry *entry)
{
    char quote = *r->at, *start = ++r->at;
    while (r->at < r->end && (*r->at != quote || r->at[-1] == '\\'))
        if (*r->at++ == '\n')
            r->line++;
    if (r->at == r->end) {
        r->line = entry->line;
        return "a quote that is never closed; one after a backslash does not count";
    }
    entry->len = (size_t)(r->at++ - start);
    entry->value = (unsigned char *)start;
    if (quote == '"')
        entry->len = unescape(start, entry->len, 0);
    return NULL;
}

static void read_unquoted(struct reader *r, struct dotenv_entry *entry)
{
    char *start = r->at;
    while (r->at < r->end && *r->at != '\n' && *r->at != '\r')
        r->at++;

    char *end = r->at;
    for (char *c = end - 1; c > start; c--) {
        if (*c == '#' && trim_end(start, c) < c) {
            end = c;
            break;
        }
    }
    end = trim_end(start, end);
    entry->value = (unsigned char *)start;
    entry->len = unescape(start, (size_t)(end - start), '$');
}

static const char *read_entry(struct reader *r, struct dotenv_entry *entry)
{
    const char *problem = read_name(r, entry);
    if (problem)
        return problem;
    if (r->at < r->end && (*r->at == '"' || *r->at == '\''))
        return read_quoted(r, entry);
    read_unquoted(r, entry);
    return NULL;
}

/* CRLF becomes LF. The new length. */
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

/* By name, without case; of one name by place. */
static int compare_entries(const void *a, const void *b)
{
    const struct dotenv_entry *const *x = a, *const *y = b;
    int order = strcasecmp((*x)->name, (*y)->name);
    return order != 0 ? order : *x < *y ? -1 : 1;
}

/* 0 or -ENOMEM. */
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

int dotenv_parse(
    char *text, size_t len, struct dotenv *ret, unsigned *ret_line, const char **ret_problem)
{
    struct dotenv dotenv = {0};
    size_t room = 0;
    int err = 0;
    struct reader r = {.at = text, .end = text + drop_carriage_returns(text, len), .line = 1};

    if (starts_with(r.at, r.end, BYTE_ORDER_MARK))
        r.at += strlen(BYTE_ORDER_MARK);
    for (skip_to_statement(&r); !err && r.at < r.end; skip_to_statement(&r)) {
        struct dotenv_entry entry;
        const char *problem = read_entry(&r, &entry);
        if (problem) {
            *ret_line = r.line;
            *ret_problem = problem;
            err = -EINVAL;
        } else {
            err = add_entry(&dotenv, &room, &entry);
        }
    }
    if (!err)
        err = drop_duplicates(&dotenv);
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
