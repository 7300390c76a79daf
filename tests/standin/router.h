/*
 * From a method and a path to the function that answers it, by one table.
 *
 * A repository, organization or user is also known by its number ("/repositories/1/…"), and
 * a repository by the names it once had: both are settled before the table is looked at.
 */
#ifndef STANDIN_ROUTER_H
#define STANDIN_ROUTER_H

#include "http_reply.h"
#include "http_request.h"
#include "state.h"

/* One request on its way through the API. The state's lock is held. */
struct call {
    struct state *state;
    const struct request *request;
    struct reply *reply;
    const char *params[4];   /* what the template's {…} matched, decoded */
    char *link_path;         /* the path as Link headers write it: by number */
    struct account *account; /* these are set by the route's finder */
    struct repository *repository;
    struct environment *environment;
    struct scope *scope;
    const char *secret_name; /* NULL where the route names none */
};

typedef bool call_find_fn(struct call *call);
typedef void call_answer_fn(struct call *call);

struct route {
    const char *method;
    const char *template;
    call_find_fn *find; /* false is 404; may be NULL */
    call_answer_fn *answer;
    const char *permission; /* of a fine-grained token, or NULL */
};

/* The id that a part of a path is: a decimal number and nothing else, or -1. */
int64_t router_id(const char *text);

/* Answers the request: by a route, with a redirect, or with 404. */
void router_answer(struct state *state, const struct request *request, struct reply *reply);

#endif
