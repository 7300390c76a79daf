/*
 * What is written to a control file: words, lists, changes. Between access_files.h and
 * selection_apply.h.
 * Tasks are on the file's directory, access/NAME, with task->control set.
 */
#ifndef GHSECRETFS_ACCESS_WRITE_H
#define GHSECRETFS_ACCESS_WRITE_H

#include "tree/access_files.h"

bool node_is_visibility(const struct node *file);
bool control_is_visibility(const struct control *control);

/* Applies what was written and not applied, and ends the task. */
void control_apply(struct task *task);

/* Ends the task with a failure that fsync will tell again. */
void control_fail(struct task *task, const struct failure *why);
void control_fail_errno(struct task *task, int err, const char *message);
/* Ends it with what the control file is spoilt by, which was told already. */
void control_fail_again(struct task *task);

#endif
