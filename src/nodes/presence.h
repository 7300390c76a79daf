/* clang-format off */
/*
 * Whether a name is there: the one state machine of node->presence, and what goes with each
 * change of it in the directory. Sends nothing.
 *
 *      from        by                                                      to
 *      (made)      node_new(): an entry of a store                         PENDING
 *      (made)      node_new(): what else there is                          HERE
 *      PENDING     presence_stored(); presence_seen(), by a row            HERE
 *      HERE        presence_hide(): the DELETE is held                     HELD
 *      HELD        presence_come_back()                                    HERE
 *      HELD        presence_replace(): goes; a new node has the name       REPLACING, the new one
 *      REPLACING   presence_stored(), presence_seen(), or _come_back()     HERE
 *      any         presence_gone(), presence_deleted()                     GONE, for ever
 *
 * An entry that a listing makes is seen at once. Only entries that are HERE count in
 * directory.entries.
 */
/* clang-format on */
#ifndef GHSECRETFS_PRESENCE_H
#define GHSECRETFS_PRESENCE_H

#include <sys/types.h>

#include "github/rows.h"
#include "nodes/node.h"

/* A child that was not known to be stored is, by what the server says. */
void presence_seen(struct node *child);

/* A child was stored at `date`, or deleted, by this mount. */
void presence_stored(struct node *child, int64_t date);
void presence_deleted(struct nodes *nodes, struct node *child);
/* The answer to a PUT of it was lost: whether that was stored only the server knows. */
void presence_doubted(struct node *child);

/* A process could not open a child for writing, or store what it wrote. */
void presence_failed_write(struct node *child, pid_t process, int err);
/* The error, if that was a moment ago; else 0. */
int presence_failure_of(const struct node *child, pid_t process);

/* A child's DELETE is held: it is not to be seen. And it failed, or was dropped: it is. */
void presence_hide(struct node *child);
void presence_come_back(struct node *child);
/* A new node in the place of one whose DELETE was held: what it stores replaces that. */
struct node *presence_replace(struct nodes *nodes, struct node *held);

/* Takes a child out for good: its name is free, its number is not used again. */
void presence_gone(struct nodes *nodes, struct node *child);

/* Is this row what was deleted here a moment ago? */
bool presence_is_dead(struct directory *dir, const struct row *row);

#endif
