/*
 * A list of header fields in the order they were added. Names compare without case.
 */
#ifndef STANDIN_HEADERS_H
#define STANDIN_HEADERS_H

struct json_object;

struct header {
    char *name;
    char *value;
    struct header *next;
};

/* The value, or NULL. It belongs to the list. */
const char *headers_get(const struct header *list, const char *name);

/* Replaces a field of that name, or adds one at the end. A NULL value removes it. */
void headers_set(struct header **list, const char *name, const char *value);

/* For a field that came twice: "a, b", as HTTP joins them. */
void headers_append(struct header **list, const char *name, const char *value);

struct header *headers_copy(const struct header *list);

/* An object of lower-case names and values; the caller's. */
struct json_object *headers_to_json(const struct header *list);

void headers_free(struct header **list);

#endif
