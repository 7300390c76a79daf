/*
 * What is asked of the API: a row for each kind of request, with the answers that mean success.
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
    ENDPOINT_SET_SELECTION, /* of an organization's secret: all repositories at once */
    ENDPOINT_SELECT,        /* one repository more */
    ENDPOINT_DESELECT,
    ENDPOINT_COUNT
};

const char *endpoint_method(enum endpoint endpoint);

/* Does this status mean that the request did what was asked? Whatever else is no status of the
 * error table (verdict.h) means that the server is not what it should be. `conditional`: a
 * validator was sent with that very request, so 304 is an answer. */
bool endpoint_succeeded(enum endpoint endpoint, long status, bool conditional);

/* The longest body of an answer with that status that is of use, in bytes. */
size_t endpoint_body_max(enum endpoint endpoint, long status);

/* Is a longer body no more than words that nobody needs? Otherwise the answer is worthless. */
bool endpoint_body_is_optional(enum endpoint endpoint, long status);

#endif
