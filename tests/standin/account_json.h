/*
 * What the API's answers say of accounts and repositories: all the fields that GitHub's
 * OpenAPI description requires. Each function returns a new object, the caller's.
 */
#ifndef STANDIN_ACCOUNT_JSON_H
#define STANDIN_ACCOUNT_JSON_H

#include "router.h"

void add_string(struct json_object *object, const char *key, const char *value);
void add_int(struct json_object *object, const char *key, int64_t value);
void add_bool(struct json_object *object, const char *key, bool value);
void add_time(struct json_object *object, const char *key, time_t when);
/* Takes the text. */
void add_text(struct json_object *object, const char *key, char *text);

/* An account as others see it, and as its owner does ("public-user", "private-user"). */
struct json_object *public_user_json(const struct call *call, const struct account *account);
struct json_object *private_user_json(const struct call *call, const struct account *account);

/* An organization in a list, and by itself. */
struct json_object *organization_json(const struct call *call, const struct account *account);
struct json_object *full_organization_json(
    const struct call *call, const struct account *account);

/*
 * A repository where an account or a secret lists it ("minimal-repository"), in the list of
 * the user's own ("repository"), and by itself ("full-repository").
 */
struct json_object *repository_json(
    const struct call *call, const struct repository *repository);
struct json_object *own_repository_json(
    const struct call *call, const struct repository *repository);
struct json_object *full_repository_json(
    const struct call *call, const struct repository *repository);

#endif
