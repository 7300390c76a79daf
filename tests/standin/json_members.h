/*
 * Reading JSON that came from a client: whole documents, typed members, no surprises.
 */
#ifndef STANDIN_JSON_MEMBERS_H
#define STANDIN_JSON_MEMBERS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The document, or NULL unless the text is one JSON value and nothing else. */
struct json_object *json_parse(const char *text, size_t size);

/*
 * Members of an object. Each returns true and sets *ret when the member is there with the
 * right type; otherwise *ret is untouched. Strings belong to the object.
 */
bool json_get_string(struct json_object *object, const char *key, const char **ret);
bool json_get_int(struct json_object *object, const char *key, int64_t *ret);
bool json_get_number(struct json_object *object, const char *key, double *ret);
bool json_get_bool(struct json_object *object, const char *key, bool *ret);

/* The first member that is not among the known names (NULL-terminated), or NULL. */
const char *json_unknown_key(struct json_object *object, const char *const *known);

/* The text of the value, as the API writes it. Valid while the value is unchanged. */
const char *json_text(struct json_object *value, size_t *ret_size);

/* Milliseconds with three decimals. */
struct json_object *json_new_ms(double ms);

#endif
