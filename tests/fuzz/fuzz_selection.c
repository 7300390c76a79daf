/*
 * sync/selection.h: what a list says, written by selection_write(), says the same.
 */
#include "sync/selection.h"

#include <errno.h>
#include <string.h>

#include "fuzz.h"

static void check_entries(const struct entries *entries)
{
    REQUIRE(!entries->is_blank || entries->count == 0);
    for (size_t i = 0; i < entries->count; i++) {
        const struct entry *entry = &entries->entry[i];
        const char *slash = strchr(entry->name, '/');
        REQUIRE(entry->sign == 0 || entry->sign == '+' || entry->sign == '-');
        REQUIRE((entry->sign != 0) == entries->is_signed);
        REQUIRE(!strpbrk(entry->name, " \t\n"));
        REQUIRE(entry->id == -1);
        if (slash)
            REQUIRE(slash > entry->name && slash[1] && !strchr(slash + 1, '/'));
        else
            REQUIRE(entry->name[0] && !entry->name[strspn(entry->name, "0123456789")]);
    }
}

/* What GitHub could have under that name; a selection holds nothing else. */
static bool is_written_plainly(const char *name)
{
    return !strchr("+-#", name[0]) && !strpbrk(name, "\r\v\f");
}

static void check_written_again(const struct entries *entries)
{
    static const struct selection none = {0};
    struct selection added = {0}, selection, nothing;
    struct entries again;
    struct buffer text;
    struct list_problem problem;

    buffer_init(&text, 4u << 20);
    REQUIRE(buffer_add_string(&text, "") == 0);
    for (size_t i = 0; i < entries->count; i++)
        if (is_written_plainly(entries->entry[i].name))
            REQUIRE(selection_add(&added, entries->entry[i].name, (int64_t)i) == 0);
    REQUIRE(selection_change(&none, &added, &none, &selection) == 0);
    REQUIRE(selection.count == added.count);
    selection_sort(&selection);
    for (size_t i = 1; i < selection.count; i++)
        REQUIRE(
            strcasecmp(selection.repository[i - 1].name, selection.repository[i].name) <= 0);
    REQUIRE(selection_write(&selection, &text) == 0);
    REQUIRE(entries_parse(text.data, text.len, 1, "acme", &again, &problem) == 0);
    REQUIRE(again.count == selection.count && !again.is_signed);
    for (size_t i = 0; i < again.count; i++)
        REQUIRE(strcmp(again.entry[i].name, selection.repository[i].name) == 0);
    entries_release(&again);
    REQUIRE(selection_change(&selection, &none, &added, &nothing) == 0 && nothing.count == 0);
    selection_release(&nothing);
    selection_release(&added);
    selection_release(&selection);
    buffer_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct entries entries = {0};
    struct list_problem problem = {0};
    char *text = copy_bytes(data, size);

    int err = entries_parse(text, size, 1, "acme", &entries, &problem);
    if (err) {
        REQUIRE((err == -EINVAL || err == -EFBIG) && is_printable_line(problem.text));
        REQUIRE(problem.line >= 1);
        REQUIRE(!entries.entry);
    } else {
        check_entries(&entries);
        check_written_again(&entries);
        entries_release(&entries);
    }
    free(text);
    return 0;
}
