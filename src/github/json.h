/*
 * Reading JSON: strictly by RFC 8259, in UTF-8, of limited depth and size. Text that only
 * resembles JSON is refused.
 */
#ifndef GHSECRETFS_JSON_H
#define GHSECRETFS_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* The most values, names of members included, in a text that json_read() takes. A repository
 * has some 300, and no other thing of the API has many more. The limit bounds memory: an empty
 * object is two bytes of text, and 700 bytes as json-c keeps the object. */
#define JSON_VALUES_MAX 2000

/* Parses the text. 0; -EPROTO when the text is no JSON, is the literal null, or passes a limit;
 * -ENOMEM. The caller releases `*ret` with json_object_put(). The result does not depend on the
 * version of json-c, from 0.15 to 0.19. */
int json_read(const char *text, size_t len, struct json_object **ret) WARN_UNUSED;

/* Does `object` have the member, whatever its type, null included? */
bool json_has(struct json_object *object, const char *key);

/* The member, borrowed, if `object` is an object whose `key` has that type, else NULL. */
struct json_object *json_member(
    struct json_object *object, const char *key, enum json_type type);

/* The member `key`, borrowed, if the member is a string without a NUL inside, else NULL. */
const char *json_string(struct json_object *object, const char *key);

/* The member `key`, if the member is an integer from 0 to INT64_MAX - 1, else false. (json-c
 * makes INT64_MAX of every larger integer.) */
bool json_number(struct json_object *object, const char *key, int64_t *ret) WARN_UNUSED;

#endif
