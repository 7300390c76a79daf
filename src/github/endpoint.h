/*
 * The kinds of requests to the API, and for each kind the method, the statuses that mean
 * success and how much of an answer's body is of use.
 */
#ifndef GHSECRETFS_ENDPOINT_H
#define GHSECRETFS_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

enum endpoint {
    ENDPOINT_LIST, /* a page of rows */
    ENDPOINT_ONE,  /* one thing: an account, a repository, a secret, … */
    ENDPOINT_KEY,  /* the public key of a scope */
    ENDPOINT_PUT_SECRET,
    ENDPOINT_DELETE_SECRET,
    ENDPOINT_SET_SELECTION, /* replaces the selection of an organization's secret */
    ENDPOINT_SELECT,        /* adds one repository to the selection */
    ENDPOINT_DESELECT,      /* takes one repository out of the selection */
    ENDPOINT_COUNT
};

/* "GET", "PUT" or "DELETE". */
const char *endpoint_method(enum endpoint endpoint);

/* Whether the request changes something, and reads nothing. */
bool endpoint_is_change(enum endpoint endpoint);

/* Does this status mean that the request did what was asked? `conditional`: an If-None-Match
 * was sent with this very try, so 304 is a success too. What any other status means, verdict.h
 * decides. */
bool endpoint_succeeded(enum endpoint endpoint, long status, bool conditional);

/* How long the body of an answer with that status may be, in bytes. */
size_t endpoint_body_max(enum endpoint endpoint, long status);

/* Whether a body longer than endpoint_body_max() can be dropped, because the status alone is
 * the answer. False: an answer with a longer body is worthless (HTTP_TOO_LARGE). */
bool endpoint_body_is_optional(enum endpoint endpoint, long status);

#endif
