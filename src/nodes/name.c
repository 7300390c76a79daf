#include "nodes/name.h"

#include <ctype.h>

/* mkstemp(3) makes so many random characters, and other tools no fewer (contract §3.29). */
#define RANDOM_LEAST 6

static bool is_word_character(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Without regard to case: names that differ in case alone are one file. */
static bool begins_like_bulk(const char *name)
{
    return strncasecmp(name, NAME_BULK, strlen(NAME_BULK)) == 0;
}

const char *name_secret_problem(const char *name)
{
    if (begins_like_bulk(name))
        return "many values at once are written to a file named .env, and to no other";
    if (!(isalpha((unsigned char)name[0]) || name[0] == '_'))
        return "a name here begins with a letter or '_'";
    for (const char *c = name; *c; c++)
        if (!is_word_character(*c))
            return "a name here has letters, digits and '_' only";
    if (strlen(name) > NAME_MAX)
        return "a name has at most 255 bytes";
    if (strncasecmp(name, "GITHUB_", 7) == 0)
        return "GitHub keeps names that begin with GITHUB_ for itself";
    return NULL;
}

bool name_is_bulk(const char *name)
{
    return strcasecmp(name, NAME_BULK) == 0;
}

/* Has the text at least `least` characters, all of them letters or digits? */
static bool is_random_part(const char *text, size_t least)
{
    size_t len = 0;
    for (; text[len]; len++)
        if (!isalnum((unsigned char)text[len]))
            return false;
    return len >= least;
}

static bool is_python_temporary(const char *name)
{
    if (strncmp(name, "tmp", 3) != 0 || strlen(name) != 3 + 8)
        return false;
    for (const char *c = name; *c; c++)
        if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_')
            return false;
    return true;
}

/* Would a lookup of the name find a file that is called so? */
static bool is_file_name(const char *name)
{
    char encoded[NAME_SIZE];
    return name_encode(name, encoded) && strcmp(name, encoded) == 0;
}

/* rclone since 1.63 writes NAME as "NAME.8eb9cfe2.partial", and renames the file. */
static bool is_rclone_temporary(const char *name)
{
    const char *end = strstr(name, ".partial");
    return end && end[strlen(".partial")] == '\0' && end - name > 9 && end[-9] == '.' &&
           strspn(end - 8, "0123456789abcdef") == 8;
}

bool name_is_staging(const char *name, bool exclusive)
{
    if (!is_file_name(name))
        return false;
    if (name[0] == '.')
        return !begins_like_bulk(name);
    if (is_rclone_temporary(name))
        return true;
    if (!exclusive)
        return false;
    return (strncmp(name, "tmp.", 4) == 0 && is_random_part(name + 4, RANDOM_LEAST)) ||
           is_python_temporary(name);
}

bool name_is_temporary(const char *name)
{
    if (!is_file_name(name) || name_is_bulk(name))
        return false;
    return name_secret_problem(name) || strncasecmp(name, "tmp", 3) == 0 ||
           (strncmp(name, "zi", 2) == 0 && strlen(name) == 2 + RANDOM_LEAST &&
               is_random_part(name + 2, RANDOM_LEAST));
}

size_t name_stem_length(const char *name)
{
    size_t len = strlen(name);
    size_t random = 0;

    while (random < len && is_word_character(name[len - 1 - random]))
        random++;
    return random >= RANDOM_LEAST && len > RANDOM_LEAST ? len - RANDOM_LEAST : 0;
}

bool name_is_secret(const char *name)
{
    return name_secret_problem(name) == NULL;
}

/* The names of managed users have a '_'. */
bool name_is_account(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!(isalnum((unsigned char)*c) || *c == '-' || *c == '_'))
            return false;
    return name[0] != '-' && name[0] != '\0';
}

bool name_is_repository(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!(isalnum((unsigned char)*c) || *c == '-' || *c == '_' || *c == '.'))
            return false;
    return name[0] != '\0' && !is_dots(name);
}

void name_to_upper(char *name)
{
    for (; *name; name++)
        *name = (char)toupper((unsigned char)*name);
}

bool name_encode(const char *name, char out[static NAME_SIZE])
{
    size_t used = 0;
    bool dots = is_dots(name);

    for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
        bool unsafe = dots || *c == '%' || *c == '/' || *c < 0x20 || *c == 0x7f;
        size_t len = unsafe ? 3 : 1;
        if (used + len > NAME_MAX)
            return false;
        if (unsafe)
            snprintf(out + used, 4, "%%%02X", *c);
        else
            out[used] = (char)*c;
        used += len;
    }
    out[used] = '\0';
    return used > 0;
}

static int hex_digit(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? toupper((unsigned char)c) - 'A' + 10
                                        : -1;
}

bool name_decode(const char *file_name, char out[static NAME_SIZE])
{
    char again[NAME_SIZE];
    size_t used = 0;

    for (const char *c = file_name; *c; c++) {
        if (used + 1 >= NAME_SIZE)
            return false;
        if (*c != '%') {
            out[used++] = *c;
            continue;
        }
        int high = hex_digit(c[1]);
        int low = high < 0 ? -1 : hex_digit(c[2]);
        if (low < 0 || (high == 0 && low == 0))
            return false;
        out[used++] = (char)(high << 4 | low);
        c += 2;
    }
    out[used] = '\0';
    /* Two file names must not be one name of the server, but for the case of hexadecimal
     * digits. */
    return name_encode(out, again) && strcasecmp(again, file_name) == 0;
}
