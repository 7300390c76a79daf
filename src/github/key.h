/*
 * Public keys, held by the URL of the scope they belong to: two scopes can have one key id
 * with different keys (evidence §1.3), so an id alone never finds a key.
 */
#ifndef GHSECRETFS_KEY_H
#define GHSECRETFS_KEY_H

#include "base/wait.h"
#include "github/seal.h"

struct github;
struct key;

/*
 * Wants the public key of `scope`, the encoded path of a secrets collection
 * ("/repos/acme/web/actions/secrets"). As wait.h says; a failure is everybody's answer for
 * the next second.
 */
int key_want(struct github *gh, const char *scope, struct wait *wait) WARN_UNUSED;

/* Asks for it if it is neither held nor asked for, nor failed a moment ago; nobody waits. */
void key_prefetch(struct github *gh, const char *scope, uint64_t deadline_ms);

/* The key, if it is held and fresh, else NULL. Valid until the loop turns. */
const struct seal_key *key_fresh(struct github *gh, const char *scope, const char **ret_id);

/* The key with `id` has proved stale: the next key_want() fetches it again. */
void key_is_stale(struct github *gh, const char *scope, const char *id);

void keys_free(struct github *gh);

#endif
