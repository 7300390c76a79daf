/*
 * The endpoints of a store of secrets, whoever owns it: the route's finder sets
 * call->scope and call->secret_name.
 */
#ifndef STANDIN_SECRETS_H
#define STANDIN_SECRETS_H

#include "router.h"

call_find_fn find_repository_secrets;
call_find_fn find_environment_secrets;
call_find_fn find_organization_secrets;
/* The secrets of the repository's owner; no scope where that is a user. */
call_find_fn find_repository_shared_secrets;

call_answer_fn answer_secrets;
/* Of the scope's secrets those that are shared with call->repository. */
call_answer_fn answer_shared_secrets;
call_answer_fn answer_public_key;
call_answer_fn answer_secret;
call_answer_fn answer_put_secret;
call_answer_fn answer_delete_secret;

#endif
