#include "github/json_part.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && is_space(*at))
        at++;
    return at;
}

/* From the quote that opens a string to behind the one that closes the string. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\';
    return at < end ? at + 1 : end;
}

static const char *skip_value(const char *at, const char *end)
{
    unsigned depth = 0;

    do {
        if (at == end)
            return end;
        if (*at == '"') {
            at = skip_string(at, end);
            continue;
        }
        depth += *at == '{' || *at == '[';
        depth -= *at == '}' || *at == ']';
        at++;
        if (depth == 0 && (at[-1] == '}' || at[-1] == ']'))
            return at;
        /* The rest of a number or a word, when there is nothing around the value. */
        while (depth == 0 && at < end && !is_space(*at) && !strchr(",:]}", *at))
            at++;
    } while (depth > 0);
    return at;
}

struct json_part json_part_whole(const char *text, size_t len)
{
    const char *end = text + len, *at = skip_space(text, end);
    while (end > at && is_space(end[-1]))
        end--;
    return (struct json_part){at, (size_t)(end - at)};
}

bool json_part_is_array(struct json_part part)
{
    return part.len > 0 && part.text[0] == '[';
}

bool json_part_member(struct json_part part, const char *name, struct json_part *ret)
{
    size_t name_len = strlen(name);
    bool found = false;

    if (part.len < 2 || part.text[0] != '{')
        return false;
    const char *end = part.text + part.len - 1; /* the closing brace */
    const char *at = skip_space(part.text + 1, end);
    while (at < end) {
        const char *key = at + 1, *key_end = skip_string(at, end) - 1;
        at = skip_space(key_end + 1, end) + 1; /* behind the colon */
        at = skip_space(at, end);
        const char *value = at;
        at = skip_value(at, end);
        if ((size_t)(key_end - key) == name_len && memcmp(key, name, name_len) == 0) {
            *ret = (struct json_part){value, (size_t)(at - value)};
            found = true;
        }
        at = skip_space(at, end);
        if (at < end)
            at = skip_space(at + 1, end); /* behind the comma */
    }
    return found;
}

bool json_part_next(struct json_part array, struct json_part *element)
{
    const char *end = array.text + array.len - 1; /* the closing bracket */
    const char *at = element->text ? element->text + element->len : array.text;

    at = skip_space(at, end);
    if (at == end)
        return false;
    at = skip_space(at + 1, end); /* behind the opening bracket, or a comma */
    if (at == end)
        return false;
    *element = (struct json_part){at, (size_t)(skip_value(at, end) - at)};
    return true;
}
