/*
 * tree/dotenv.h: entries lie in the text, apart from each other and in order, with names that
 * are there once; and written in quotes again they read the same.
 */
#include "tree/dotenv.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "fuzz.h"

/* More than any input becomes. */
#define WRITTEN_MAX (64u << 20)

static unsigned count_lines(const uint8_t *data, size_t size)
{
    unsigned lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    return lines;
}

static void check_entries(const struct dotenv *dotenv, const char *text, size_t size)
{
    const char *free_from = text;
    unsigned line = 1;
    for (size_t i = 0; i < dotenv->count; i++) {
        const struct dotenv_entry *entry = &dotenv->entry[i];
        const char *value = (const char *)entry->value;
        REQUIRE(entry->name >= free_from);
        REQUIRE(memchr(entry->name, '\0', (size_t)(text + size - entry->name)));
        REQUIRE(!strpbrk(entry->name, "=:\n"));
        REQUIRE(value > entry->name + strlen(entry->name));
        REQUIRE(entry->len <= (size_t)(text + size - value));
        REQUIRE(entry->line >= line);
        free_from = value + entry->len;
        line = entry->line;
    }
}

static void check_names(const struct dotenv *dotenv)
{
    /* All against all would make long inputs slow, and find no more. */
    size_t count = dotenv->count < 100 ? dotenv->count : 100;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            REQUIRE(strcasecmp(dotenv->entry[i].name, dotenv->entry[k].name) != 0);
}

/* In quotes that all of it can stand between. */
static void check_written_again(const struct dotenv_entry *entry)
{
    struct buffer text;
    struct dotenv again;
    unsigned line;
    const char *problem;

    if (memchr(entry->value, '\'', entry->len) || memchr(entry->value, '\r', entry->len) ||
        (memchr(entry->value, '\\', entry->len) && memchr(entry->value, '$', entry->len)) ||
        (entry->len > 0 && entry->value[entry->len - 1] == '\\'))
        return;
    buffer_init(&text, WRITTEN_MAX);
    REQUIRE(buffer_printf(&text, "export %s='", entry->name) == 0);
    REQUIRE(buffer_add(&text, entry->value, entry->len) == 0);
    REQUIRE(buffer_add_string(&text, "'\n") == 0);
    REQUIRE(dotenv_parse(text.data, text.len, &again, &line, &problem) == 0);
    REQUIRE(again.count == 1);
    REQUIRE(strcmp(again.entry[0].name, entry->name) == 0);
    REQUIRE(again.entry[0].len == entry->len);
    REQUIRE(memcmp(again.entry[0].value, entry->value, entry->len) == 0);
    dotenv_release(&again);
    buffer_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dotenv dotenv = {0};
    unsigned line = 0;
    const char *problem = NULL;
    char *text = copy_bytes(data, size);

    int err = dotenv_parse(text, size, &dotenv, &line, &problem);
    if (err) {
        REQUIRE(err == -EINVAL && problem && is_printable_line(problem));
        REQUIRE(line >= 1 && line <= count_lines(data, size));
        REQUIRE(!dotenv.entry);
    } else {
        check_entries(&dotenv, text, size);
        check_names(&dotenv);
        for (size_t i = 0; i < dotenv.count; i++)
            check_written_again(&dotenv.entry[i]);
        dotenv_release(&dotenv);
    }
    free(text);
    return 0;
}
