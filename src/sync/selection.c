#include "sync/selection.h"

#include <ctype.h>
#include <errno.h>

void entries_release(struct entries *entries)
{
    for (size_t i = 0; i < entries->count; i++)
        free(entries->entry[i].name);
    free(entries->entry);
    *entries = (struct entries){0};
}

/* The state of entries_parse(). */
struct parser {
    const char *owner;
    struct entries entries;
    size_t room;                 /* number of entries that entries.entry has memory for */
    struct list_problem problem; /* problem.line is the line that is parsed now */
};

static bool is_number(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

/* "REPO" becomes "OWNER/REPO"; numbers stay. */
static char *full_name(const char *text, const char *owner)
{
    char *name = NULL;
    if (is_number(text) || strchr(text, '/'))
        return strdup(text);
    return asprintf(&name, "%s/%s", owner, text) < 0 ? NULL : name;
}

/* 0; -EFBIG or -ENOMEM. Doubles the room each time, since realloc() copies all entries. */
static int add_entry(struct parser *p, char sign, const char *text)
{
    struct entries *entries = &p->entries;
    if (entries->count == ENTRIES_MAX) {
        p->problem.text = "more than 20,000 repositories";
        return -EFBIG;
    }
    if (entries->count == p->room) {
        size_t wanted = p->room ? p->room * 2 : 16;
        struct entry *grown = reallocarray(entries->entry, wanted, sizeof *grown);
        if (!grown)
            return -ENOMEM;
        entries->entry = grown;
        p->room = wanted;
    }
    char *name = full_name(text, p->owner);
    if (!name)
        return -ENOMEM;
    entries->entry[entries->count++] =
        (struct entry){.sign = sign, .name = name, .id = -1, .line = p->problem.line};
    return 0;
}

static const char *line_problem(const char *text)
{
    const char *slash = strchr(text, '/');
    if (*text == '\0')
        return "a sign without a repository";
    if (text[strcspn(text, " \t\r\v\f")])
        return "two entries on one line";
    if (slash && (slash == text || slash[1] == '\0' || strchr(slash + 1, '/')))
        return "expected OWNER/REPO, REPO or a repository's number";
    return NULL;
}

/* `line` is trimmed, and ends with a NUL. */
static int parse_line(struct parser *p, const char *line)
{
    if (*line == '\0')
        return 0;
    p->entries.is_blank = false;
    if (*line == '#')
        return 0;
    char sign = *line == '+' || *line == '-' ? *line : 0;
    const char *text = sign ? line + 1 + strspn(line + 1, " \t") : line;
    p->problem.text = line_problem(text);
    if (!p->problem.text && p->entries.count > 0 && p->entries.is_signed != (sign != 0))
        p->problem.text = "lines with and without a sign cannot be mixed";
    if (p->problem.text)
        return -EINVAL;
    p->entries.is_signed = sign != 0;
    return add_entry(p, sign, text);
}

static char *trim(char *line)
{
    line += strspn(line, " \t\r");
    for (char *end = line + strlen(line); end > line && isspace((unsigned char)end[-1]);)
        *--end = '\0';
    return line;
}

/* Parses every line of `text`, which is changed. */
static int parse_lines(struct parser *p, char *text)
{
    int err = 0;
    char *line;

    if (p->problem.line == 1 && strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
        text += strlen(BYTE_ORDER_MARK);
    while (!err && (line = strsep(&text, "\n"))) {
        err = parse_line(p, trim(line));
        p->problem.line += !err;
    }
    return err;
}

int entries_parse(const char *text, size_t len, unsigned line, const char *owner,
    struct entries *ret, struct list_problem *ret_problem)
{
    struct parser p = {
        .owner = owner, .entries = {.is_blank = true}, .problem = {.line = line}};
    const char *nul = memchr(text, '\0', len);
    if (nul) {
        for (const char *at = text; (at = memchr(at, '\n', (size_t)(nul - at))); at++)
            line++;
        *ret_problem = (struct list_problem){"a NUL byte, or a hole, in the list", line};
        return -EINVAL;
    }
    char *copy = strndup(text, len);
    int err = copy ? parse_lines(&p, copy) : -ENOMEM;
    free(copy);
    if (err) {
        entries_release(&p.entries);
        *ret_problem = p.problem;
    } else {
        *ret = p.entries;
    }
    return err;
}

void selection_release(struct selection *selection)
{
    for (size_t i = 0; i < selection->count; i++)
        free(selection->repository[i].name);
    free(selection->repository);
    *selection = (struct selection){0};
}

int selection_add(struct selection *selection, const char *name, int64_t id)
{
    if (selection->count == selection->room) {
        size_t wanted = selection->room ? selection->room * 2 : 16;
        struct selected *grown =
            reallocarray(selection->repository, wanted, sizeof *selection->repository);
        if (!grown)
            return -ENOMEM;
        selection->repository = grown;
        selection->room = wanted;
    }
    char *copy = strdup(name);
    if (!copy)
        return -ENOMEM;
    selection->repository[selection->count++] = (struct selected){.name = copy, .id = id};
    return 0;
}

/* By name, then by number: of one renamed and one made since the names can be the same. */
static int compare_selected(const void *a, const void *b)
{
    const struct selected *x = a, *y = b;
    int order = strcasecmp(x->name, y->name);
    return order != 0 ? order : (x->id > y->id) - (x->id < y->id);
}

static int compare_ids(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int64_t *selection_ids(const struct selection *selection)
{
    int64_t *ids = calloc(selection->count + 1, sizeof *ids);
    for (size_t i = 0; ids && i < selection->count; i++)
        ids[i] = selection->repository[i].id;
    return ids;
}

void selection_sort(struct selection *selection)
{
    if (selection->count > 1)
        qsort(selection->repository, selection->count, sizeof *selection->repository,
            compare_selected);
}

/* Adds those of `from` whose numbers are not in `but`. */
static int add_all_but(
    struct selection *selection, const struct selection *from, const struct selection *but)
{
    int64_t *ids = selection_ids(but);
    int err = ids ? 0 : -ENOMEM;
    if (ids)
        qsort(ids, but->count, sizeof *ids, compare_ids);
    for (size_t i = 0; !err && i < from->count; i++) {
        const struct selected *at = &from->repository[i];
        if (!bsearch(&at->id, ids, but->count, sizeof *ids, compare_ids))
            err = selection_add(selection, at->name, at->id);
    }
    free(ids);
    return err;
}

int selection_change(const struct selection *base, const struct selection *plus,
    const struct selection *minus, struct selection *ret)
{
    static const struct selection none = {0};
    struct selection kept = {0};

    *ret = (struct selection){0};
    int err = add_all_but(&kept, base, minus);
    if (!err)
        err = add_all_but(ret, &kept, plus);
    if (!err)
        err = add_all_but(ret, plus, &none);
    selection_release(&kept);
    if (err)
        selection_release(ret);
    return err;
}

int selection_write(const struct selection *selection, struct buffer *ret)
{
    int err = 0;
    for (size_t i = 0; !err && i < selection->count; i++)
        err = buffer_printf(ret, "%s\n", selection->repository[i].name);
    return err;
}
