/*
 * The parts of a JSON text, found in the text itself, without building objects. json-c is given
 * a long list one element at a time, so that a list takes the memory of its text and of one
 * element. Every function here wants a text that json_scan() has accepted.
 */
#ifndef GHSECRETFS_JSON_PART_H
#define GHSECRETFS_JSON_PART_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* One value of the text, without white space around the value. `text` is borrowed. */
struct json_part {
    const char *text;
    size_t len;
};

/* The whole text as a part. */
struct json_part json_part_whole(const char *text, size_t len);

/* Is the part an array? */
bool json_part_is_array(struct json_part part);

/* The member of that name, if `part` is an object that has such a member, else false. Of
 * several members with the name the last one counts, as for json-c. A name that the text writes
 * with escapes is not found. */
bool json_part_member(
    struct json_part part, const char *name, struct json_part *ret) WARN_UNUSED;

/* Goes from one element of the array to the next; false after the last element. `*element` is
 * zeroed before the first call. */
bool json_part_next(struct json_part array, struct json_part *element);

#endif
