/*
 * The front of the API: who may call, how often, and the headers that every answer has.
 */
#ifndef STANDIN_API_H
#define STANDIN_API_H

#include "http_reply.h"
#include "http_request.h"
#include "state.h"

/* Answers one request. Takes the state's lock itself, as does api_decorate(). */
void api_answer(struct state *state, const struct request *request, struct reply *reply);

/*
 * Gives an answer the headers that GitHub's have, where it does not have them yet. What
 * api_answer() made is a client's for the second time when its ETag was sent along: it
 * becomes a 304. All others count against the rate limit.
 */
void api_decorate(
    struct state *state, const struct request *request, struct reply *reply, bool may_be_304);

/* The version that the request is answered in; NULL when none is configured. */
const char *api_version(const struct state *state, const struct request *request);

#endif
