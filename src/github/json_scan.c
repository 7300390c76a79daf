#include "github/json_scan.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

struct scan {
    const char *at, *end;
    size_t values;
    unsigned depth;
    uint32_t objects; /* a bit for each open level: 1 for an object, 0 for an array */
};
_Static_assert(JSON_DEPTH_MAX <= 32, "a level is a bit of scan.objects");

static bool take(struct scan *s, char c)
{
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool take_any(struct scan *s, const char *set)
{
    if (s->at == s->end || *s->at == '\0' || !strchr(set, *s->at))
        return false;
    s->at++;
    return true;
}

static void skip_space(struct scan *s)
{
    while (take_any(s, " \t\r\n"))
        ;
}

static bool take_word(struct scan *s, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
        return false;
    s->at += len;
    return true;
}

static bool take_digits(struct scan *s)
{
    const char *from = s->at;
    while (s->at < s->end && isdigit((unsigned char)*s->at))
        s->at++;
    return s->at > from;
}

static bool take_number(struct scan *s)
{
    (void)take(s, '-');
    if (!take(s, '0') && !take_digits(s))
        return false;
    if (take(s, '.') && !take_digits(s))
        return false;
    if (!take_any(s, "eE"))
        return true;
    (void)take_any(s, "+-");
    return take_digits(s);
}

static bool take_escape(struct scan *s)
{
    if (!take(s, 'u'))
        return take_any(s, "\"\\/bfnrt");
    for (unsigned i = 0; i < 4; i++)
        if (!take_any(s, "0123456789abcdefABCDEF"))
            return false;
    return true;
}

static bool take_string(struct scan *s)
{
    if (!take(s, '"'))
        return false;
    s->values++;
    while (!take(s, '"')) {
        if (s->at == s->end || (unsigned char)*s->at < ' ')
            return false;
        if (*s->at++ == '\\' && !take_escape(s))
            return false;
    }
    return true;
}

static bool in_object(const struct scan *s)
{
    return s->depth > 0 && (s->objects >> (s->depth - 1)) & 1;
}

static bool take_key(struct scan *s)
{
    skip_space(s);
    if (!take_string(s))
        return false;
    skip_space(s);
    return take(s, ':');
}

/* A string, number or literal. */
static bool take_scalar(struct scan *s)
{
    if (s->at < s->end && *s->at == '"')
        return take_string(s);
    s->values++;
    return take_word(s, "true") || take_word(s, "false") || take_word(s, "null") ||
           take_number(s);
}

/* An array or object begins. `*ret_has_values`: its first value comes next; otherwise the array
 * or object is empty, and has ended. */
static bool open_level(struct scan *s, bool is_object, bool *ret_has_values)
{
    if (s->depth == JSON_DEPTH_MAX)
        return false;
    s->values++;
    skip_space(s);
    *ret_has_values = !take(s, is_object ? '}' : ']');
    if (!*ret_has_values)
        return true;
    uint32_t bit = (uint32_t)1 << s->depth++;
    s->objects = is_object ? s->objects | bit : s->objects & ~bit;
    return !is_object || take_key(s);
}

/* After a value: ends the levels that end here. `*ret_more`: a comma was taken, and another
 * value comes next; otherwise the outermost value has ended. */
static bool close_levels(struct scan *s, bool *ret_more)
{
    *ret_more = false;
    while (s->depth > 0) {
        bool is_object = in_object(s);
        skip_space(s);
        if (take(s, ',')) {
            *ret_more = true;
            return !is_object || take_key(s);
        }
        if (!take(s, is_object ? '}' : ']'))
            return false;
        s->depth--;
    }
    return true;
}

bool json_scan(const char *text, size_t len, size_t *ret_values)
{
    struct scan s = {.at = text, .end = text + len};
    bool more = true;

    while (more) {
        bool has_values = false;
        skip_space(&s);
        bool ok = take(&s, '{')   ? open_level(&s, true, &has_values)
                  : take(&s, '[') ? open_level(&s, false, &has_values)
                                  : take_scalar(&s);
        if (!ok || (!has_values && !close_levels(&s, &more)))
            return false;
    }
    skip_space(&s);
    if (s.at != s.end)
        return false;
    *ret_values = s.values;
    return true;
}
