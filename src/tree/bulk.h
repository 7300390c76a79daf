/*
 * `.env`: many secrets at once, from a file of KEY=VALUE lines. Contract §6.1.
 */
#ifndef GHSECRETFS_BULK_H
#define GHSECRETFS_BULK_H

#include "tree/task.h"

struct bulk;

/* The node of `.env` in a directory of secrets, made when it is first wanted: it is there,
 * unlisted, until it is removed or forgotten. NULL without memory. `*ret` is borrowed. */
struct node *bulk_node(struct tree *tree, struct node *dir);

/*
 * Stores every secret of the file `value`, many at once, and ends the task, which is on the
 * node of `.env`. Names and sizes are all checked before the first request. When some fail, so
 * does the task; `errors` names each. `value` is copied.
 */
void bulk_start(struct task *task, const struct value *value);

/* It will be dropped: `errors` names what is under way and what was not begun. */
void bulk_abandon(struct bulk *bulk, int err, const char *why);

/* Drops what is under way. NULL is allowed. */
void bulk_cancel(struct bulk *bulk);

#endif
