#include "tree/selection.h"

#include <ctype.h>
#include <errno.h>

void entries_release(struct entries *entries)
{
    for (size_t i = 0; i < entries->count; i++)
        free(entries->entry[i].name);
    free(entries->entry);
    *entries = (struct entries){0};
}

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

static int add_entry(struct entries *entries, char sign, const char *text, const char *owner)
{
    struct entry *grown =
        reallocarray(entries->entry, entries->count + 1, sizeof *entries->entry);
    if (!grown)
        return -ENOMEM;
    entries->entry = grown;
    char *name = full_name(text, owner);
    if (!name)
        return -ENOMEM;
    entries->entry[entries->count++] = (struct entry){.sign = sign, .name = name, .id = -1};
    return 0;
}

static const char *line_problem(const char *text)
{
    const char *slash = strchr(text, '/');
    if (*text == '\0')
        return "a sign without a repository";
    if (text[strcspn(text, " \t")])
        return "two entries on one line";
    if (slash && (slash == text || slash[1] == '\0' || strchr(slash + 1, '/')))
        return "expected OWNER/REPO, REPO or a repository's number";
    return NULL;
}

/* One line, trimmed and ended. */
static int parse_line(
    struct entries *entries, char *line, const char *owner, const char **ret_problem)
{
    if (*line == '\0')
        return 0;
    entries->is_blank = false;
    if (*line == '#')
        return 0;
    char sign = *line == '+' || *line == '-' ? *line : 0;
    const char *text = sign ? line + 1 + strspn(line + 1, " \t") : line;
    *ret_problem = line_problem(text);
    if (!*ret_problem && entries->count > 0 && entries->is_signed != (sign != 0))
        *ret_problem = "lines with and without a sign cannot be mixed";
    if (*ret_problem)
        return -EINVAL;
    entries->is_signed = sign != 0;
    return add_entry(entries, sign, text, owner);
}

int entries_parse(const char *text, size_t len, const char *owner, struct entries *ret,
    const char **ret_problem)
{
    struct entries entries = {.is_blank = true};
    if (memchr(text, '\0', len)) {
        *ret_problem = "a NUL byte in the list";
        return -EINVAL;
    }
    char *copy = strndup(text, len), *rest = copy, *line;
    int err = copy ? 0 : -ENOMEM;

    while (!err && (line = strsep(&rest, "\n"))) {
        line += strspn(line, " \t\r");
        for (char *end = line + strlen(line); end > line && isspace((unsigned char)end[-1]);)
            *--end = '\0';
        err = parse_line(&entries, line, owner, ret_problem);
    }
    free(copy);
    if (err)
        entries_release(&entries);
    else
        *ret = entries;
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
    size_t low = 0, high = selection->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcasecmp(selection->repository[middle].name, name);
        if (order == 0)
            return 0;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    struct selected *grown = reallocarray(
        selection->repository, selection->count + 1, sizeof *selection->repository);
    char *copy = strdup(name);
    if (grown)
        selection->repository = grown;
    if (!grown || !copy) {
        free(copy);
        return -ENOMEM;
    }
    memmove(grown + low + 1, grown + low, (selection->count - low) * sizeof *grown);
    grown[low] = (struct selected){.name = copy, .id = id};
    selection->count++;
    return 0;
}

void selection_remove(struct selection *selection, int64_t id)
{
    for (size_t i = 0; i < selection->count; i++) {
        struct selected *at = &selection->repository[i];
        if (at->id != id)
            continue;
        free(at->name);
        memmove(at, at + 1, (selection->count - i - 1) * sizeof *at);
        selection->count--;
        return;
    }
}

int selection_write(const struct selection *selection, struct buffer *ret)
{
    int err = 0;
    for (size_t i = 0; !err && i < selection->count; i++)
        err = buffer_printf(ret, "%s\n", selection->repository[i].name);
    return err;
}
