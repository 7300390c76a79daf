/*
 * A change of the repositories that are selected for an organization's secret. First the number
 * of every named repository is found; only then is anything changed (contract §4.8).
 *
 * Few requests of one change are under way at once, so that a list of thousands delays nobody.
 * After the first request that fails, no more are sent.
 */
#ifndef GHSECRETFS_SELECTION_APPLY_H
#define GHSECRETFS_SELECTION_APPLY_H

#include "sync/selection.h"
#include "sync/task.h"

/* Told that the change has ended; ends the task. Called once, unless the task is cancelled
 * first. `why` is NULL on success. */
typedef void selection_applied(void *arg, const struct failure *why);

/*
 * Starts the change that `entries` say for the policy access/NAME. If the entries have signs,
 * or with `additions`, each entry is a request of its own; else the entries replace the
 * selection in one request. If the policy is prepared or held, the change is made in the
 * `struct policy`, and sends only what finds the numbers. Of two entries for one repository the
 * later counts. The content of `entries` is moved into the change, and `entries` is then empty.
 */
void selection_apply(struct task *task, struct node *policy_node, struct entries *entries,
    bool additions, selection_applied *done, void *arg);

#endif
