#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <time.h>

/* Length of the UTF-8 sequence at `s` that stands for a printable character, or 0. */
static size_t printable_length(const unsigned char *s, size_t left)
{
    if (s[0] < 0x80)
        return s[0] >= 0x20 && s[0] != 0x7f ? 1 : 0;
    size_t length = s[0] >= 0xf0 && s[0] <= 0xf4  ? 4
                    : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
                    : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
                                                  : 0;
    if (length == 0 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if (s[0] == 0xc2 && s[1] < 0xa0) /* C1 controls: terminals obey them */
        return 0;
    /* Surrogates and overlong forms; line, paragraph and direction controls, which can make
     * a line read as another. */
    if (s[0] == 0xe0 && s[1] < 0xa0)
        return 0;
    if (s[0] == 0xed && s[1] >= 0xa0)
        return 0;
    if (s[0] == 0xd8 && s[1] == 0x9c)
        return 0;
    if (s[0] == 0xef && s[1] == 0xbb && s[2] == 0xbf)
        return 0;
    if (s[0] == 0xe2 && s[1] == 0x80 && (s[2] >= 0x8b && s[2] <= 0x8f))
        return 0;
    if (s[0] == 0xe2 && s[1] == 0x80 && (s[2] >= 0xa8 && s[2] <= 0xae))
        return 0;
    if (s[0] == 0xe2 && s[1] == 0x81 && (s[2] >= 0xa0 && s[2] <= 0xaf))
        return 0;
    if ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] >= 0x90))
        return 0;
    return length;
}

void text_printable(char *out, size_t size, const char *src, size_t len)
{
    const unsigned char *s = (const unsigned char *)src;
    size_t used = 0;

    for (size_t i = 0; i < len;) {
        size_t length;
        if (isspace(s[i])) {
            while (i < len && isspace(s[i]))
                i++;
            if (used == 0 || i == len)
                continue;
            if (used + 1 >= size)
                break;
            out[used++] = ' ';
        } else if ((length = printable_length(s + i, len - i)) > 0) {
            if (used + length >= size)
                break;
            memcpy(out + used, s + i, length);
            used += length;
            i += length;
        } else {
            if (used + 1 >= size)
                break;
            out[used++] = '?';
            i++;
        }
    }
    out[used] = '\0';
}

void text_hide(char *text, const char *secret, size_t len)
{
    size_t stars = len < 3 ? len : 3;
    char *found = text;

    if (len == 0)
        return;
    while ((found = memmem(found, strlen(found), secret, len))) {
        memset(found, '*', stars);
        memmove(found + stars, found + len, strlen(found + len) + 1);
        found += stars;
    }
}

bool text_copy(char *out, size_t size, const char *src)
{
    size_t len = strlen(src);
    if (len >= size) {
        out[0] = '\0';
        return false;
    }
    memcpy(out, src, len + 1);
    return true;
}

bool text_has_suffix(const char *text, const char *suffix)
{
    size_t len = strlen(text), suffix_len = strlen(suffix);
    return len > suffix_len && strcmp(text + len - suffix_len, suffix) == 0;
}

bool text_has_control(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c < 0x20 || *c == 0x7f)
            return true;
    return false;
}

bool text_to_u64(const char *text, uint64_t max, uint64_t *ret)
{
    if (!isdigit((unsigned char)text[0]))
        return false;
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || value > max)
        return false;
    *ret = value;
    return true;
}

/* Two digits up to `max`; -1 for anything else. */
static int two_digits(const char *text, int max)
{
    if (!isdigit((unsigned char)text[0]) || !isdigit((unsigned char)text[1]))
        return -1;
    int n = (text[0] - '0') * 10 + text[1] - '0';
    return n <= max ? n : -1;
}

/* "Z", "+02:00" or nothing as seconds east of UTC; false for anything else. */
static bool parse_zone(const char *text, int64_t *ret)
{
    *ret = 0;
    if (text[0] == '\0' || strcmp(text, "Z") == 0)
        return true;
    if ((text[0] != '+' && text[0] != '-') || strlen(text) != 6 || text[3] != ':')
        return false;
    int hours = two_digits(text + 1, 23), minutes = two_digits(text + 4, 59);
    if (hours < 0 || minutes < 0)
        return false;
    *ret = (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

bool text_to_time(const char *text, int64_t *ret)
{
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!rest)
        return false;
    if (*rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    int64_t offset;
    if (!parse_zone(rest, &offset))
        return false;
    /* timegm() makes the 30th of February the 2nd of March. */
    int day = tm.tm_mday;
    int64_t seconds = (int64_t)timegm(&tm) - offset;
    if (tm.tm_mday != day)
        return false;
    *ret = seconds;
    return true;
}

void text_from_time(char out[static 24], int64_t seconds)
{
    struct tm tm;
    time_t t = (time_t)seconds;
    /* A year of more digits than the API can write is shown as the epoch. */
    if (!gmtime_r(&t, &tm) || tm.tm_year > 8099 || strftime(out, 24, "%FT%TZ", &tm) == 0)
        memcpy(out, "1970-01-01T00:00:00Z", 21);
}
