/*
 * The endpoints that tell of a repository's environments.
 */
#ifndef STANDIN_ENVIRONMENTS_H
#define STANDIN_ENVIRONMENTS_H

#include "router.h"

call_find_fn find_environment;

call_answer_fn answer_environments;
call_answer_fn answer_environment;

#endif
