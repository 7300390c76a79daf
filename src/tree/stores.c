#include "tree/stores.h"

#include "nodes/name.h"

#define SECRETS \
    .noun = "secret", .nouns = "secrets", .row = ROW_SECRET, .needs_key = true, \
    .name_problem = name_secret_problem, .put = call_put_secret, .update = call_put_secret, \
    .remove = call_delete_secret

const struct store secrets_store = {SECRETS, .limit = 100};
const struct store organization_secrets_store = {SECRETS, .limit = 1000, .has_policy = true};
