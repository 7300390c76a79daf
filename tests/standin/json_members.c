#include "json_members.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "github/json_scan.h"

struct json_object *json_parse(const char *text, size_t size)
{
    struct json_tokener *tokener;
    struct json_object *value;
    size_t values;

    if (size > INT_MAX || !json_scan(text, size, &values))
        return NULL;
    tokener = json_tokener_new();
    value = json_tokener_parse_ex(tokener, text, (int)size);
    /* A bare number only ends with the text, so a NUL is offered after it. */
    if (json_tokener_get_error(tokener) == json_tokener_continue)
        value = json_tokener_parse_ex(tokener, "", 1);
    json_tokener_free(tokener);
    return value;
}

static struct json_object *member(
    struct json_object *object, const char *key, enum json_type type)
{
    struct json_object *value;

    if (!json_object_object_get_ex(object, key, &value) || !json_object_is_type(value, type))
        return NULL;
    return value;
}

bool json_get_string(struct json_object *object, const char *key, const char **ret)
{
    struct json_object *value = member(object, key, json_type_string);

    if (value)
        *ret = json_object_get_string(value);
    return value != NULL;
}

bool json_get_int(struct json_object *object, const char *key, int64_t *ret)
{
    struct json_object *value = member(object, key, json_type_int);

    if (value)
        *ret = json_object_get_int64(value);
    return value != NULL;
}

bool json_get_number(struct json_object *object, const char *key, double *ret)
{
    struct json_object *value = member(object, key, json_type_double);

    if (!value)
        value = member(object, key, json_type_int);
    if (value)
        *ret = json_object_get_double(value);
    return value != NULL;
}

bool json_get_bool(struct json_object *object, const char *key, bool *ret)
{
    struct json_object *value = member(object, key, json_type_boolean);

    if (value)
        *ret = json_object_get_boolean(value);
    return value != NULL;
}

const char *json_unknown_key(struct json_object *object, const char *const *known)
{
    json_object_object_foreach(object, key, value)
    {
        size_t i = 0;

        (void)value;
        while (known[i] && strcmp(known[i], key) != 0)
            i++;
        if (!known[i])
            return key;
    }
    return NULL;
}

const char *json_text(struct json_object *value, size_t *ret_size)
{
    return json_object_to_json_string_length(
        value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, ret_size);
}

struct json_object *json_new_ms(double ms)
{
    char text[64];

    snprintf(text, sizeof(text), "%.3f", ms);
    return json_object_new_double_s(ms, text);
}
