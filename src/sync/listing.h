/*
 * Asking the API what a directory holds: its whole listing, or one name in it. Those who want
 * the same thing at the same time share the request. Functions wait as wait.h says.
 */
#ifndef GHSECRETFS_LISTING_H
#define GHSECRETFS_LISTING_H

#include "base/wait.h"
#include "nodes/node.h"

struct tree;
struct listing;

/* Wants the listing to be fresh: fetched, or revalidated with its ETags, within cache_ttl. A
 * failure is everybody's answer for the next second. */
int listing_want(struct tree *tree, struct node *dir, struct wait *wait) WARN_UNUSED;

/* Asks for it if it is not fresh, not asked for and did not fail a moment ago; nobody waits. */
void listing_prefetch(struct tree *tree, struct node *dir, uint64_t deadline_ms);

/* How long ago it was fetched or found unchanged, in ms; UINT64_MAX without one. */
uint64_t listing_age(const struct tree *tree, const struct node *dir);

/* Is it fresh? */
bool listing_is_fresh(const struct node *dir);

/*
 * Wants one name, not encoded, by a request for it alone. After success directory_find() has
 * it, for as long as the caller does not return to the loop. -ENOENT: it is not there.
 */
int listing_want_one(
    struct tree *tree, struct node *dir, const char *name, struct wait *wait) WARN_UNUSED;

/*
 * Wants to know whether there is a child of that name, by whichever request costs less, or from
 * memory. After success directory_find() tells, as above: what it finds may still be held or
 * pending, and nothing found means that there is none. -ENOENT can be an answer too.
 */
int listing_want_name(
    struct tree *tree, struct node *dir, const char *name, struct wait *wait) WARN_UNUSED;

/* Drops what is under way; nobody is told. NULL is allowed. */
void listing_free(struct listing *listing);

#endif
