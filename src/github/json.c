#include "github/json.h"

#include <ctype.h>
#include <errno.h>

/* The API nests repositories' owners and permissions some five deep; json-c frees
 * recursively, so depth is stack. */
#define DEPTH_MAX 32

int json_read(const char *text, size_t len, struct json_object **ret)
{
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    if (len == 0 || len > INT32_MAX)
        return -EPROTO;
    struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
    if (!tokener)
        return -ENOMEM;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *object = json_tokener_parse_ex(tokener, text, (int)len);
    enum json_tokener_error error = json_tokener_get_error(tokener);
    bool whole = json_tokener_get_parse_end(tokener) == len;
    if (error == json_tokener_continue && !object) /* a bare number ends only at a NUL */
        object = json_tokener_parse_ex(tokener, "", 1);
    json_tokener_free(tokener);
    if (object && !whole) { /* something after it, such as a NUL */
        json_object_put(object);
        return -EPROTO;
    }
    if (!object)
        return error == json_tokener_error_size ? -ENOMEM : -EPROTO;
    *ret = object;
    return 0;
}

struct json_object *json_member(
    struct json_object *object, const char *key, enum json_type type)
{
    struct json_object *member = NULL;
    if (!json_object_is_type(object, json_type_object) ||
        !json_object_object_get_ex(object, key, &member) || !json_object_is_type(member, type))
        return NULL;
    return member;
}

const char *json_string(struct json_object *object, const char *key)
{
    struct json_object *member = json_member(object, key, json_type_string);
    if (!member)
        return NULL;
    const char *text = json_object_get_string(member);
    return strlen(text) == (size_t)json_object_get_string_len(member) ? text : NULL;
}

bool json_number(struct json_object *object, const char *key, int64_t *ret)
{
    struct json_object *member = json_member(object, key, json_type_int);
    if (!member)
        return false;
    int64_t n = json_object_get_int64(member);
    if (n < 0 || n == INT64_MAX)
        return false;
    *ret = n;
    return true;
}
