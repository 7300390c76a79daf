/*
 * A store of secrets: a key pair, the secrets, and a limit. Repositories, environments and
 * organizations have one; nothing here knows about them, so that an owner can also have
 * another.
 *
 * A secret that was deleted stays here without a current version: the count of its writes
 * and what a reader that lags behind sees are still asked for.
 */
#ifndef STANDIN_SCOPE_H
#define STANDIN_SCOPE_H

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>
#include <uthash.h>

#include "sharing.h"

/* From GitHub's documentation: a value has at most 48 KB. */
enum { SCOPE_VALUE_MAX = 48 * 1024 };

/* A key id is 18 digits, as GitHub's are. */
enum { SCOPE_KEY_ID_SIZE = 19 };

/* What a secret was from one moment on. */
struct secret_version {
    double since_ms; /* clock_ms(), or -1 for what was there before the first request */
    bool exists;
    time_t created_at;
    time_t updated_at;
    struct sharing sharing;
    struct secret_version *older;
};

struct secret {
    char *name; /* upper case */
    unsigned char *value;
    size_t size;
    unsigned writes; /* accepted PUTs, over all lives of the name */
    struct secret_version *latest;
    UT_hash_handle hh;
};

struct scope {
    char *path; /* of the API: "/repos/acme/web/actions/secrets" */
    char *key;  /* path in lower case: what it is found by */
    size_t limit;
    const bool *archived; /* the owner's; NULL: it never is */
    bool shared;          /* an organization's: each secret has a visibility */
    unsigned char public_key[crypto_box_PUBLICKEYBYTES];
    unsigned char secret_key[crypto_box_SECRETKEYBYTES];
    char key_id[SCOPE_KEY_ID_SIZE];
    struct secret *secrets;
    UT_hash_handle hh;
};

/* Takes the path, which is encoded as percent_normalize_path() does. */
struct scope *scope_new(char *path, size_t limit);
void scope_free(struct scope *scope);

/* A new key pair, under a new id unless the old one is kept. */
void scope_rotate(struct scope *scope, bool keep_id);

/* The secret as it was at a moment, or NULL if there was none. */
const struct secret_version *secret_at(const struct secret *secret, double ms);
bool secret_exists(const struct secret *secret);

/* By name, in any case; a deleted one too. NULL when there never was one. */
struct secret *scope_secret(struct scope *scope, const char *name);

size_t scope_count(const struct scope *scope);

/*
 * Opens a sealed box with this scope's key. The value is the caller's, with a NUL after
 * it; NULL when the box was not sealed for this key.
 */
unsigned char *scope_open_box(
    const struct scope *scope, const unsigned char *box, size_t size, size_t *ret_size);

/*
 * Creates or updates a secret and takes the value and the sharing. A write counts; a seeded
 * secret has none, and was there before the first request.
 */
void scope_write(struct scope *scope, const char *name, unsigned char *value, size_t size,
    struct sharing sharing, time_t now, double now_ms);
void scope_seed(struct scope *scope, const char *name, const char *value,
    struct sharing sharing, time_t created_at, time_t updated_at);

/* Changes with whom a secret is shared, and takes the sharing. That is no write. */
void secret_share(struct secret *secret, struct sharing sharing, time_t now, double now_ms);

void scope_delete(struct secret *secret, double now_ms);

#endif
