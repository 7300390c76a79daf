#include "headers.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <strings.h>
#include <utlist.h>

#include "xalloc.h"

static struct header *find(const struct header *list, const char *name)
{
    const struct header *field;

    LL_FOREACH(list, field)
    {
        if (strcasecmp(field->name, name) == 0)
            return (struct header *)field;
    }
    return NULL;
}

static void free_field(struct header *field)
{
    free(field->name);
    free(field->value);
    free(field);
}

const char *headers_get(const struct header *list, const char *name)
{
    const struct header *field = find(list, name);

    return field ? field->value : NULL;
}

void headers_set(struct header **list, const char *name, const char *value)
{
    struct header *field = find(*list, name);

    if (!value) {
        if (field) {
            LL_DELETE(*list, field);
            free_field(field);
        }
        return;
    }
    if (!field) {
        field = xcalloc(1, sizeof(*field));
        field->name = xstrdup(name);
        LL_APPEND(*list, field);
    }
    free(field->value);
    field->value = xstrdup(value);
}

void headers_append(struct header **list, const char *name, const char *value)
{
    const char *old = headers_get(*list, name);
    char *joined = old ? xprintf("%s, %s", old, value) : xstrdup(value);

    headers_set(list, name, joined);
    free(joined);
}

struct header *headers_copy(const struct header *list)
{
    struct header *copy = NULL;
    const struct header *field;

    LL_FOREACH(list, field)
    {
        headers_set(&copy, field->name, field->value);
    }
    return copy;
}

struct json_object *headers_to_json(const struct header *list)
{
    struct json_object *object = json_object_new_object();
    const struct header *field;

    LL_FOREACH(list, field)
    {
        char *name = xstrlower(field->name);

        json_object_object_add(object, name, json_object_new_string(field->value));
        free(name);
    }
    return object;
}

void headers_free(struct header **list)
{
    while (*list) {
        struct header *field = *list;

        *list = field->next;
        free_field(field);
    }
}
