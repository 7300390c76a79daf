/*
 * The endpoints that tell of users, organizations and repositories.
 */
#ifndef STANDIN_ACCOUNTS_H
#define STANDIN_ACCOUNTS_H

#include "router.h"

call_find_fn find_account;
call_find_fn find_organization;
call_find_fn find_repository;

call_answer_fn answer_root;
call_answer_fn answer_rate_limit;
call_answer_fn answer_login;
call_answer_fn answer_login_organizations;
call_answer_fn answer_login_repositories;
call_answer_fn answer_user;
call_answer_fn answer_organization;
call_answer_fn answer_account_repositories;
call_answer_fn answer_public_repositories;
call_answer_fn answer_repository;

#endif
