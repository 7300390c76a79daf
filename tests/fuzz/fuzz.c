#include "fuzz.h"

#include <stdio.h>
#include <string.h>

void require_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    abort();
}

char *copy_bytes(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    REQUIRE(copy);
    if (size)
        memcpy(copy, data, size);
    return copy;
}

char *copy_string(const uint8_t *data, size_t size)
{
    char *copy = strndup(size ? (const char *)data : "", size);
    REQUIRE(copy);
    return copy;
}

/* The character at `*at`, which moves past it; UINT32_MAX for what is no UTF-8. */
static uint32_t next_character(const unsigned char **at)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    unsigned first = *(*at)++;
    unsigned more = first < 0x80   ? 0
                    : first < 0xc0 ? 4
                    : first < 0xe0 ? 1
                    : first < 0xf0 ? 2
                                   : 3;
    if (more > 3 || first > 0xf4)
        return UINT32_MAX;
    uint32_t c = more == 0 ? first : first & (0x3fu >> more);
    for (unsigned i = 0; i < more; i++) {
        if ((**at & 0xc0) != 0x80)
            return UINT32_MAX;
        c = c << 6 | (*(*at)++ & 0x3fu);
    }
    return c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? UINT32_MAX : c;
}

bool is_printable_line(const char *text)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {
        {0, 0x1f},           /* C0 controls */
        {0x7f, 0x9f},        /* DEL, C1 controls */
        {0xad, 0xad},        /* a hyphen that is seen only at the end of a line */
        {0x61c, 0x61c},      /* an Arabic direction mark */
        {0x200b, 0x200f},    /* of no width; direction marks */
        {0x2028, 0x202e},    /* line and paragraph separators; directions */
        {0x2060, 0x206f},    /* joiners, isolates, shapes */
        {0xe000, 0xf8ff},    /* private use */
        {0xfeff, 0xfeff},    /* the byte order mark */
        {0xfff0, 0xfffb},    /* annotations */
        {0xe0000, 0x10ffff}, /* tags, variation selectors, private use */
    };
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        uint32_t c = next_character(&at);
        if (c == UINT32_MAX)
            return false;
        for (size_t i = 0; i < LENGTH(hidden); i++)
            if (c >= hidden[i].first && c <= hidden[i].last)
                return false;
    }
    return true;
}
