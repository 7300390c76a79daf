#include "github/json.h"

#include <errno.h>

#include "github/json_scan.h"

int json_read(const char *text, size_t len, struct json_object **ret)
{
    size_t values;
    if (len > INT32_MAX || !json_scan(text, len, &values) || values > JSON_VALUES_MAX)
        return -EPROTO;
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
    if (!tokener)
        return -ENOMEM;
    json_tokener_set_flags(tokener, JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *object = json_tokener_parse_ex(tokener, text, (int)len);
    enum json_tokener_error error = json_tokener_get_error(tokener);
    if (error == json_tokener_continue && !object) { /* a bare number ends only at a NUL */
        object = json_tokener_parse_ex(tokener, "", 1);
        error = json_tokener_get_error(tokener);
    }
    json_tokener_free(tokener);
    if (error == json_tokener_success && !object) /* the literal null */
        return -EPROTO;
    if (!object)
        return error == json_tokener_error_parse_utf8_string ? -EPROTO : -ENOMEM;
    *ret = object;
    return 0;
}

bool json_has(struct json_object *object, const char *key)
{
    return json_object_is_type(object, json_type_object) &&
           json_object_object_get_ex(object, key, NULL);
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
