/*
 * With which repositories an organization's secret is shared: as a PUT of the secret says
 * it, and the endpoints for the list of selected repositories. The route's finder sets
 * call->account, call->scope and call->secret_name.
 */
#ifndef STANDIN_SELECTED_REPOSITORIES_H
#define STANDIN_SELECTED_REPOSITORIES_H

#include "router.h"

/*
 * What the body of a PUT says of the secret's visibility; the caller's. False after
 * answering 422.
 */
bool read_sharing(struct call *call, struct json_object *body, struct sharing *ret);

call_answer_fn answer_selection;
call_answer_fn answer_put_selection;
call_answer_fn answer_select;
call_answer_fn answer_deselect;

#endif
