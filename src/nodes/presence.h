/* clang-format off */
/*
 * Does a name exist? The state machine of node->presence, and the changes in the directory that
 * go with each transition. Sends nothing.
 *
 *      from        by                                                      to
 *      (made)      node_new(): an entry of a store                         PENDING
 *      (made)      node_new(): any other node                              HERE
 *      PENDING     presence_stored(); presence_seen(), by a row            HERE
 *      HERE        presence_hide(): the DELETE is held                     HELD
 *      HELD        presence_come_back()                                    HERE
 *      HELD        presence_replace(): goes; a new node has the name       REPLACING, the new one
 *      REPLACING   presence_stored(), presence_seen(), or _come_back()     HERE
 *      any         presence_gone(), presence_deleted()                     GONE, for ever
 *
 * merge.c calls presence_seen() at once for an entry that it makes. Only entries that are HERE
 * count in directory.entries.
 */
/* clang-format on */
#ifndef GHSECRETFS_PRESENCE_H
#define GHSECRETFS_PRESENCE_H

#include <sys/types.h>

#include "github/rows.h"
#include "nodes/node.h"

/* An answer of the server has `child`, which was unstored until now (node_is_unstored()). */
void presence_seen(struct node *child);

/* A PUT of this mount stored the entry at `date`: Unix seconds, -1 if unknown. */
void presence_stored(struct node *child, int64_t date);
/* A DELETE of this mount deleted the entry. */
void presence_deleted(struct nodes *nodes, struct node *child);
/* The answer to a PUT of the entry was lost: the entry may be stored or not. */
void presence_doubted(struct node *child);

/* Notes for a second that a process could not open the entry for writing, or store what the
 * process wrote, for `err` (-errno). Nothing is noted of a NODE_PENDING entry. */
void presence_failed_write(struct node *child, pid_t process, int err);
/* The -errno that presence_failed_write() noted of this entry and process within the last
 * second; else 0. */
int presence_failure_of(const struct node *child, pid_t process);

/* The DELETE of a NODE_HERE entry is held from now on: nobody sees the entry. */
void presence_hide(struct node *child);
/* The held DELETE failed or was dropped, or the entry that was to replace the held one was not
 * stored: the entry is seen again. */
void presence_come_back(struct node *child);
/* Makes the entry that takes the place of `held`, a NODE_HELD entry whose DELETE was dropped.
 * The new node, with a reference for the caller; NULL without memory, with `held` as it was. */
struct node *presence_replace(struct nodes *nodes, struct node *held);

/* Takes a child out of its directory for good, so that its name is free. */
void presence_gone(struct nodes *nodes, struct node *child);

/* Is the row of an entry that this mount deleted within the last minute, and not of a newer
 * entry of that name? */
bool presence_is_dead(struct directory *dir, const struct row *row);

#endif
