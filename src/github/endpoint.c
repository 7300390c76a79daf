#include "github/endpoint.h"

#include <string.h>

#include "github/response.h"

/* A key with its id has 100 bytes. */
#define KEY_BODY_MAX (64u * 1024)
/* GitHub says "{}" of what is new, and nothing else of a change. */
#define CHANGE_BODY_MAX (64u * 1024)
/* GitHub's messages have some hundred bytes, a list of errors some thousand. */
#define MESSAGE_BODY_MAX (64u * 1024)

static const struct row {
    const char *method;
    long success[2];
    size_t body_max; /* of a success */
} rows[ENDPOINT_COUNT] = {
    [ENDPOINT_LIST] = {"GET", {200}, RESPONSE_BODY_MAX},
    [ENDPOINT_ONE] = {"GET", {200}, RESPONSE_BODY_MAX},
    [ENDPOINT_KEY] = {"GET", {200}, KEY_BODY_MAX},
    [ENDPOINT_PUT_SECRET] = {"PUT", {201, 204}, CHANGE_BODY_MAX},
    [ENDPOINT_DELETE_SECRET] = {"DELETE", {204}, CHANGE_BODY_MAX},
    [ENDPOINT_SET_SELECTION] = {"PUT", {204}, CHANGE_BODY_MAX},
    [ENDPOINT_SELECT] = {"PUT", {204}, CHANGE_BODY_MAX},
    [ENDPOINT_DESELECT] = {"DELETE", {204}, CHANGE_BODY_MAX},
};

const char *endpoint_method(enum endpoint endpoint)
{
    return rows[endpoint].method;
}

bool endpoint_is_change(enum endpoint endpoint)
{
    return strcmp(rows[endpoint].method, "GET") != 0;
}

bool endpoint_succeeded(enum endpoint endpoint, long status, bool conditional)
{
    const long *success = rows[endpoint].success;
    return status > 0 &&
           (status == success[0] || status == success[1] || (status == 304 && conditional));
}

bool endpoint_body_is_optional(enum endpoint endpoint, long status)
{
    return !endpoint_succeeded(endpoint, status, false);
}

size_t endpoint_body_max(enum endpoint endpoint, long status)
{
    return endpoint_body_is_optional(endpoint, status) ? MESSAGE_BODY_MAX
                                                       : rows[endpoint].body_max;
}
