/*
 * The endpoints of a store of secrets, whoever owns it: the route's finder sets
 * call->scope, and the secret's name is the last parameter.
 */
#ifndef STANDIN_SECRETS_H
#define STANDIN_SECRETS_H

#include "router.h"

call_find_fn find_repository_secrets;

call_answer_fn answer_secrets;
call_answer_fn answer_public_key;
call_answer_fn answer_secret;
call_answer_fn answer_put_secret;
call_answer_fn answer_delete_secret;

#endif
