/*
 * The control requests that change what the server holds. Each takes the posted object and
 * returns NULL, or an error that is the caller's. Each locks the state.
 */
#ifndef STANDIN_CONTROL_STATE_H
#define STANDIN_CONTROL_STATE_H

#include <json-c/json.h>

#include "state.h"

char *control_config(struct state *state, struct json_object *posted);
char *control_rotate_key(struct state *state, struct json_object *posted);
char *control_seed(struct state *state, struct json_object *posted);

/* The error of a member that is not among the known ones (NULL-terminated), or NULL. */
char *control_unknown_member(struct json_object *posted, const char *const *known);

#endif
