#include "program/values.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool value_is_date(const char *text)
{
    static const char shape[] = "dddd-dd-dd";
    if (strlen(text) != sizeof shape - 1)
        return false;
    for (size_t i = 0; shape[i]; i++)
        if (shape[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != shape[i])
            return false;
    return true;
}

/* Not strtod(), which would take 1e9, nan and a locale's comma. */
bool value_to_ms(const char *text, uint64_t max_ms, uint64_t *ret_ms)
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

bool value_to_mode(const char *text, mode_t max, mode_t *ret)
{
    size_t len = strlen(text);
    /* Four digits are the longest way to write 0777. */
    if (len == 0 || len > 4 || strspn(text, "01234567") != len)
        return false;
    unsigned long mode = strtoul(text, NULL, 8);
    if (mode > max)
        return false;
    *ret = (mode_t)mode;
    return true;
}

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
int value_to_path(const char *text, char **ret)
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
