/*
 * The public keys of scopes, with which values are sealed. A key is found by the scope's path
 * and never by the key's id: two scopes can have different keys with one id (evidence §1.3). A
 * `scope` is the encoded path of a secrets collection ("/repos/acme/web/actions/secrets").
 */
#ifndef GHSECRETFS_KEY_H
#define GHSECRETFS_KEY_H

#include "base/wait.h"
#include "github/seal.h"

struct github;
struct key;

/*
 * Wants the public key of `scope`. The result follows the convention of wait.h: after a success
 * key_fresh() has the key. A failure is the answer for everybody who wants the key in the next
 * second (contract §3.6).
 */
int key_want(struct github *gh, const char *scope, struct wait *wait) WARN_UNUSED;

/* Asks for the key, and nobody waits for the answer. Does nothing when the key is held or asked
 * for already, or when asking failed in the last second. */
void key_prefetch(struct github *gh, const char *scope, uint64_t deadline_ms);

/* The key, if the key is held and fresh, else NULL. `*ret_id` is the key's id; `ret_id` may be
 * NULL. Key and id are borrowed until the loop turns. */
const struct seal_key *key_fresh(struct github *gh, const char *scope, const char **ret_id);

/* The server has refused the scope's key with that id: the next key_want() fetches the key
 * again. Does nothing when another key is held by now. */
void key_is_stale(struct github *gh, const char *scope, const char *id);

/* Forgets every key and cancels the requests for keys. Nobody may wait for a key any more. */
void keys_free(struct github *gh);

#endif
