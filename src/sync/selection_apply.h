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

/* Called once, unless the change is cancelled; ends the task. `why` is NULL on success. */
typedef void change_done(struct task *task, const struct failure *why);

/*
 * Starts the change that the entries say for the policy task->node: with signs, or as
 * `additions`, each entry is a call of its own; else they replace the selection. Of two entries
 * for one repository the later counts. The entries become the change's, which
 * lives until the task ends.
 */
void change_start(
    struct task *task, struct entries *entries, bool additions, change_done *done);

#endif
