/*
 * A change of an organization secret's selected repositories: names become numbers first, all
 * of them, and only then is anything changed (contract §4.8).
 *
 * Few of its requests are under way at once, so that a list of thousands delays nobody; and the
 * first that fails is the last that is sent.
 */
#ifndef GHSECRETFS_SELECTION_APPLY_H
#define GHSECRETFS_SELECTION_APPLY_H

#include "sync/selection.h"
#include "sync/task.h"

/* Called once, unless the task is cancelled first; ends the task. `why` is NULL on success. */
typedef void selection_applied(void *arg, const struct failure *why);

/*
 * Starts the change that the entries say for the policy access/NAME: with signs, or as
 * `additions`, each entry is a request of its own; else the entries replace the selection. Of
 * two entries for one repository the later counts. The entries are taken over, and live until
 * the task ends.
 */
void selection_apply(struct task *task, struct node *policy_node, struct entries *entries,
    bool additions, selection_applied *done, void *arg);

#endif
