#include "program/option_values.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *field(struct config *config, const struct option *option)
{
    return (char *)config + option->offset;
}

/* --- Texts ---------------------------------------------------------------------------- */

int take_text(struct config *config, const struct option *option, const char *value)
{
    char **text = field(config, option);
    char *copy = strdup(value);
    if (!copy)
        return -ENOMEM;
    free(*text);
    *text = copy;
    return 0;
}

int take_line(struct config *config, const struct option *option, const char *value)
{
    return text_has_control(value) ? -EINVAL : take_text(config, option, value);
}

int take_names(struct config *config, const struct option *option, const char *value)
{
    size_t len = strlen(value);
    bool has_empty = value[0] == ':' || strstr(value, "::") || value[len - 1] == ':';
    if (has_empty || strchr(value, '/'))
        return -EINVAL;
    return take_line(config, option, value);
}

int take_date(struct config *config, const struct option *option, const char *value)
{
    static const char shape[] = "dddd-dd-dd";
    if (strlen(value) != sizeof shape - 1)
        return -EINVAL;
    for (size_t i = 0; shape[i]; i++)
        if (shape[i] == 'd' ? !isdigit((unsigned char)value[i]) : value[i] != shape[i])
            return -EINVAL;
    return take_text(config, option, value);
}

void option_free_text(struct config *config, const struct option *option)
{
    static option_taker *const takers[] = {
        take_text, take_line, take_names, take_path, take_date};
    char **text = field(config, option);
    for (size_t i = 0; i < sizeof takers / sizeof *takers; i++) {
        if (option->take == takers[i]) {
            free(*text);
            *text = NULL;
        }
    }
}

/* --- Paths ---------------------------------------------------------------------------- */

static int join(const char *directory, const char *path, char **ret)
{
    char *joined;
    bool is_root = strcmp(directory, "/") == 0;
    if (asprintf(&joined, "%s/%s", is_root ? "" : directory, path) < 0)
        return -ENOMEM;
    *ret = joined;
    return 0;
}

/* A shell leaves a '~' behind a '=' or a ',' alone, and so does fstab. */
int path_make_absolute(const char *text, char **ret)
{
    const char *home = getenv("HOME");
    if (text[0] == '/')
        return join("/", text + 1, ret);
    if (strncmp(text, "~/", 2) == 0)
        return home && home[0] == '/' ? join(home, text + 2, ret) : -EINVAL;
    char *cwd = getcwd(NULL, 0);
    int err = cwd ? join(cwd, text, ret) : -errno;
    free(cwd);
    return err;
}

const char *path_problem(int err)
{
    return err == -ENOMEM   ? "not enough memory"
           : err == -EINVAL ? EXPECTED_PATH
                            : "the working directory, from which it is given, cannot be found";
}

int take_path(struct config *config, const struct option *option, const char *value)
{
    char **path = field(config, option), *absolute = NULL;
    int err = path_make_absolute(value, &absolute);
    if (err)
        return err;
    free(*path);
    *path = absolute;
    return 0;
}

/* --- Numbers -------------------------------------------------------------------------- */

/* Not strtod(), which would take 1e9, nan and a locale's comma. */
static bool read_ms(const char *text, uint64_t max_ms, uint64_t *ret_ms)
{
    char whole[24] = "";
    uint64_t ms;
    size_t len = strcspn(text, ".");
    if (len >= sizeof whole)
        return false;
    memcpy(whole, text, len);
    if (!text_to_u64(whole, max_ms / 1000, &ms))
        return false;
    ms *= 1000;
    if (text[len] == '.') {
        const char *digits = text + len + 1;
        if (!*digits || digits[strspn(digits, "0123456789")] != '\0')
            return false;
        for (unsigned unit = 100; unit > 0 && *digits; unit /= 10)
            ms += (uint64_t)(*digits++ - '0') * unit;
    }
    if (ms > max_ms)
        return false;
    *ret_ms = ms;
    return true;
}

int take_seconds(struct config *config, const struct option *option, const char *value)
{
    uint64_t ms;
    if (!read_ms(value, option->max, &ms) || ms < option->min)
        return -EINVAL;
    *(uint64_t *)field(config, option) = ms;
    return 0;
}

int take_number(struct config *config, const struct option *option, const char *value)
{
    uint64_t number;
    if (!text_to_u64(value, option->max, &number) || number < option->min)
        return -EINVAL;
    *(unsigned *)field(config, option) = (unsigned)number;
    return 0;
}

int take_octal(struct config *config, const struct option *option, const char *value)
{
    size_t len = strlen(value);
    /* Four digits are the longest way to write 0777. */
    if (len > 4 || strspn(value, "01234567") != len)
        return -EINVAL;
    unsigned long number = strtoul(value, NULL, 8);
    if (number > option->max)
        return -EINVAL;
    *(mode_t *)field(config, option) = (mode_t)number;
    return 0;
}

/* --- Words and flags ------------------------------------------------------------------ */

static const struct option_word *find_word(const struct option *option, const char *value)
{
    for (const struct option_word *word = option->words; word->text; word++)
        if (strcmp(word->text, value) == 0)
            return word;
    return NULL;
}

int take_word(struct config *config, const struct option *option, const char *value)
{
    const struct option_word *word = find_word(option, value);
    if (!word)
        return -EINVAL;
    memcpy(field(config, option), &word->value, sizeof word->value); /* an enum is an int */
    return 0;
}

int take_choice(struct config *config, const struct option *option, const char *value)
{
    const struct option_word *word = find_word(option, value);
    if (!word)
        return -EINVAL;
    *(bool *)field(config, option) = word->value;
    return 0;
}

int take_flag(struct config *config, const struct option *option, const char *value)
{
    (void)value;
    *(bool *)field(config, option) = true;
    return 0;
}

int take_result(struct config *config, const struct option *option, const char *value)
{
    (void)config, (void)value;
    return (int)option->min;
}

/* --- What libfuse takes --------------------------------------------------------------- */

int pass_to_libfuse(struct config *config, const struct option *option, const char *value)
{
    char *text;
    if (asprintf(&text, "%s%s%s", option->name, value ? "=" : "", value ? value : "") < 0)
        return -ENOMEM;
    int failed = fuse_opt_add_opt_escaped(&config->mount_options, text);
    free(text);
    return failed ? -ENOMEM : 0;
}

int pass_flag_to_libfuse(struct config *config, const struct option *option, const char *value)
{
    int err = pass_to_libfuse(config, option, value);
    return err ? err : take_flag(config, option, value);
}
