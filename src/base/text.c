#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <time.h>

/* Characters that a person does not see, or that change how the text around them looks. These
 * are Unicode's categories Cc, Cf, Cs, Co, Zl and Zp, default ignorable code points, and
 * noncharacters (except those at the end of a plane, which the table leaves out). In order. */
static const struct range {
    uint32_t first, last;
} unseen[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, /* terminals obey the C1 controls as well */
    {0x00ad, 0x00ad}, {0x034f, 0x034f}, {0x0600, 0x0605}, {0x061c, 0x061c}, {0x06dd, 0x06dd},
    {0x070f, 0x070f}, {0x0890, 0x0891}, {0x08e2, 0x08e2}, {0x115f, 0x1160}, {0x17b4, 0x17b5},
    {0x180b, 0x180f}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},
    {0xd800, 0xf8ff}, /* surrogates and private use */
    {0xfdd0, 0xfdef}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb},
    {0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff}, /* private use */
};

static bool is_unseen(uint32_t c)
{
    size_t low = 0, high = sizeof unseen / sizeof unseen[0];

    if ((c & 0xfffe) == 0xfffe)
        return true;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c > unseen[middle].last)
            low = middle + 1;
        else if (c < unseen[middle].first)
            high = middle;
        else
            return true;
    }
    return false;
}

/* Length of the UTF-8 sequence at `s`, with its character in `ret`; 0 where no valid sequence
 * is. RFC 3629. */
static size_t decode(const unsigned char *s, size_t left, uint32_t *ret)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = s[0] < 0x80                   ? 1
                    : s[0] >= 0xf0 && s[0] < 0xf8 ? 4
                    : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
                    : s[0] >= 0xc0 && s[0] < 0xe0 ? 2
                                                  : 0;
    if (length == 0 || length > left)
        return 0;
    uint32_t c = length == 1 ? s[0] : s[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    if (c < least[length] || c > 0x10ffff)
        return 0;
    *ret = c;
    return length;
}

size_t text_utf8_length(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len) {
        uint32_t c;
        size_t length = decode((const unsigned char *)text + at, len - at, &c);
        if (length == 0 || (c >= 0xd800 && c <= 0xdfff)) /* surrogates are no characters */
            break;
        at += length;
    }
    return at;
}

/* Length of the UTF-8 sequence at `s` that stands for a printable character, or 0. */
static size_t printable_length(const unsigned char *s, size_t left)
{
    uint32_t c;
    size_t length = decode(s, left, &c);
    return length > 0 && !is_unseen(c) ? length : 0;
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

bool text_is_within(const char *path, const char *directory)
{
    size_t len = strlen(directory);
    bool begins_so = strncmp(path, directory, len) == 0;
    return begins_so && (strcmp(directory, "/") == 0 || path[len] == '/' || path[len] == '\0');
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
    /* No such day: timegm() makes the 30th of February the 2nd of March. */
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
