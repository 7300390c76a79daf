/*
 * JSON as the API sends it, and nothing that only resembles it: strict, UTF-8, of limited
 * depth. With rows.h the only user of json-c for reading.
 */
#ifndef GHSECRETFS_JSON_H
#define GHSECRETFS_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* A repository has some 300 values, names of members included, and nothing that is read has
 * many more. An empty object is two bytes of text and 700 of json-c's. */
#define JSON_VALUES_MAX 2000

/* 0, -EPROTO when the text is no JSON or is the literal null, -ENOMEM. The result is released
 * with json_object_put(). Same answers with every json-c from 0.15 to 0.19. */
int json_read(const char *text, size_t len, struct json_object **ret) WARN_UNUSED;

/* Does `object` have the member, whatever its type, null included? */
bool json_has(struct json_object *object, const char *key);

/* The member if `object` is an object that has it with that type, else NULL. Borrowed. */
struct json_object *json_member(
    struct json_object *object, const char *key, enum json_type type);

/* A string member without a NUL in it, else NULL. Borrowed. */
const char *json_string(struct json_object *object, const char *key);

/* An integer member from 0 to INT64_MAX - 1 (json-c clamps larger ones to the limit),
 * else false. */
bool json_number(struct json_object *object, const char *key, int64_t *ret) WARN_UNUSED;

#endif
