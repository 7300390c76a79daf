/*
 * Asking the API what a directory holds: its whole listing, or one name in the directory. Tasks
 * that want one answer at one time share one request. The functions that take a `struct wait`
 * follow the convention of wait.h.
 */
#ifndef GHSECRETFS_LISTING_H
#define GHSECRETFS_LISTING_H

#include "base/wait.h"
#include "nodes/node.h"

struct tree;
struct listing;

/* Waits for a fresh listing of `dir`: one that was fetched, or revalidated with its ETags,
 * within cache_ttl. For a second after a failed request, that failure is the answer to all
 * (contract §3.6). */
int listing_want(struct tree *tree, struct node *dir, struct wait *wait) WARN_UNUSED;

/* Asks for the listing of `dir`, with nobody waiting, unless the listing is fresh, is being
 * asked for, or failed within the last second. `deadline_ms` is a time of github_now_ms(). */
void listing_prefetch(struct tree *tree, struct node *dir, uint64_t deadline_ms);

/* How long ago the listing of `dir` was fetched or found unchanged, in ms; UINT64_MAX if there
 * is no listing. */
uint64_t listing_age(const struct tree *tree, const struct node *dir);

/* Is there a fresh listing of `dir`? */
bool listing_is_fresh(const struct node *dir);

/*
 * Asks the API for one name in `dir`, not encoded, by a request for that name alone. On success
 * directory_find() has the child, until the caller returns to the loop. -ENOENT: the API has no
 * such child.
 */
int listing_want_one(
    struct tree *tree, struct node *dir, const char *name, struct wait *wait) WARN_UNUSED;

/*
 * Finds out whether `dir` has a child of that name, not encoded: from memory, or by the listing
 * or a request for the name alone, whichever costs less. On 0, directory_find() is up to date
 * until the caller returns to the loop: NULL means that there is no such child, and a child may
 * be NODE_HELD or NODE_PENDING, which the caller checks. -ENOENT also means no such child.
 */
int listing_want_name(
    struct tree *tree, struct node *dir, const char *name, struct wait *wait) WARN_UNUSED;

/* Drops the requests under way, whose waiters are not told, and frees `listing`, which may be
 * NULL. */
void listing_free(struct listing *listing);

#endif
