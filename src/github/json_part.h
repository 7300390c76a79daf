/*
 * The parts of a text that json_scan() has accepted, found without building anything: of a long
 * list json-c gets one element at a time, so what a list costs in memory is its bytes and one
 * element.
 */
#ifndef GHSECRETFS_JSON_PART_H
#define GHSECRETFS_JSON_PART_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* One value of the text, without white space around the value. Borrowed. */
struct json_part {
    const char *text;
    size_t len;
};

/* The whole text as a part. */
struct json_part json_part_whole(const char *text, size_t len);

/* Is the part an array? */
bool json_part_is_array(struct json_part part);

/* The member of that name if `part` is an object that has one (the last of several, as json-c
 * takes), else false. A name that is written with escapes is not found. */
bool json_part_member(
    struct json_part part, const char *name, struct json_part *ret) WARN_UNUSED;

/* The array's elements, one by one: `*element` zeroed before the first call. False after the
 * last one. */
bool json_part_next(struct json_part array, struct json_part *element);

#endif
