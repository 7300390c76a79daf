/*
 * A change of an organization secret's selected repositories: names become numbers first, all
 * of them, and only then is anything changed (contract §4).
 */
#ifndef GHSECRETFS_CHANGE_H
#define GHSECRETFS_CHANGE_H

#include "tree/selection.h"
#include "tree/task.h"

struct change;

/*
 * Starts the change that the entries say for the policy task->node, and ends the task: with
 * signs, or as `additions`, each entry is a call of its own; else they replace the selection.
 * The entries become the change's.
 */
void change_start(struct task *task, struct entries *entries, bool additions);

/* Drops it; what was sent may be done. NULL is allowed. */
void change_cancel(struct change *change);

#endif
