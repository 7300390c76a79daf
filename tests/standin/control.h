/*
 * The control interface under /_standin/, by which a test looks behind the API and orders
 * what the server does. Its requests need no token and are not in the journal.
 */
#ifndef STANDIN_CONTROL_H
#define STANDIN_CONTROL_H

#include "standin.h"

bool control_wants(const struct request *request);

void control_answer(
    struct standin *standin, const struct request *request, struct reply *reply);

#endif
