#include "body.h"

#include "json_members.h"

struct json_object *body_parse(struct call *call)
{
    const struct request *request = call->request;
    struct json_object *body =
        json_parse(request->body ? request->body : "", request->body_size);

    if (!body)
        reply_error(call->reply, 400, "Problems parsing JSON");
    else if (!json_object_is_type(body, json_type_object))
        reply_error(call->reply, 400, "Body should be a JSON object");
    else
        return body;
    json_object_put(body);
    return NULL;
}

/* The member, or NULL after answering 422. */
static struct json_object *required(struct call *call, struct json_object *body,
    const char *key, enum json_type type, const char *type_name)
{
    struct json_object *member;

    if (!json_object_object_get_ex(body, key, &member))
        reply_error(call->reply, 422, "Invalid request.\n\n\"%s\" wasn't supplied.", key);
    else if (!json_object_is_type(member, type))
        reply_error(call->reply, 422, "Invalid request.\n\nFor 'properties/%s', %s is not %s.",
            key, json_text(member, NULL), type_name);
    else
        return member;
    return NULL;
}

const char *body_string(struct call *call, struct json_object *body, const char *key)
{
    struct json_object *member = required(call, body, key, json_type_string, "a string");

    return member ? json_object_get_string(member) : NULL;
}

struct json_object *body_integers(struct call *call, struct json_object *body, const char *key)
{
    struct json_object *array = required(call, body, key, json_type_array, "an array");

    for (size_t i = 0; array && i < json_object_array_length(array); i++) {
        struct json_object *item = json_object_array_get_idx(array, i);

        if (!json_object_is_type(item, json_type_int)) {
            reply_error(call->reply, 422,
                "Invalid request.\n\nFor 'properties/%s', %s is not an integer.", key,
                json_text(item, NULL));
            return NULL;
        }
    }
    return array;
}
