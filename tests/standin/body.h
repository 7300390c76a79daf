/*
 * The JSON body of a PUT, checked as GitHub's schemas do. What is wrong with it is answered
 * here.
 */
#ifndef STANDIN_BODY_H
#define STANDIN_BODY_H

#include "router.h"

/* The body (the caller's), or NULL after answering 400: it must be an object. */
struct json_object *body_parse(struct call *call);

/* A member that must be there, or NULL after answering 422. */
const char *body_string(struct call *call, struct json_object *body, const char *key);
/* The same: an array of integers. */
struct json_object *body_integers(struct call *call, struct json_object *body, const char *key);

#endif
