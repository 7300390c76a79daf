/*
 * Sending a value: in its turn, with the policy that an organization's secret keeps or is to
 * have, sealed, in one PUT.
 */
#ifndef GHSECRETFS_UPLOAD_H
#define GHSECRETFS_UPLOAD_H

#include "sync/task.h"

/*
 * Sends task->payload as the value of the secret task->node, and ends the task. What a staging
 * file holds is published by that: it is removed. A failure leaves the server's secret as it
 * was, unless it is that no answer came; task->notice_fd is told of it.
 */
void upload_start(struct task *task);

/* Ends it well: a staging file that the value came from is published by that. */
void upload_finish(struct task *task);

/* Ends the task with a failure that fsync will tell again. */
void upload_fail(struct task *task, const struct failure *why);
void upload_fail_errno(struct task *task, int err, const char *message);

#endif
