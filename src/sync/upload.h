/*
 * Sending a value: in its turn, with the policy that an organization's secret keeps or is to
 * have, sealed, in one PUT.
 */
#ifndef GHSECRETFS_UPLOAD_H
#define GHSECRETFS_UPLOAD_H

#include "nodes/value.h"
#include "sync/task.h"

/* What is to be stored under a name. */
struct payload {
    const struct value *value; /* borrowed, and read each time the value is sealed. NULL: these
                                * bytes are stored instead, which are borrowed too: */
    const unsigned char *data;
    size_t len;
    struct node *staged; /* the staging file that `value` is in, or NULL; borrowed */
};

/* A payload is stored: a staging file that it came from is published by that, and removed. */
void payload_is_stored(struct nodes *nodes, const struct payload *payload);

/*
 * Sends the payload as the value of the secret task->node, and ends the task. The payload is
 * copied; what it borrows must live as long as the task, but for the staging file, which the
 * upload references. A failure leaves the server's secret as it was, unless the failure is that
 * no answer came; task->notice_fd is told of a failure.
 */
void upload_start(struct task *task, const struct payload *payload);

/* Ends the task, which is on the file that was to be stored, with a failure that fsync will
 * tell again. */
void upload_fail(struct task *task, const struct failure *why);
void upload_fail_errno(struct task *task, int err, const char *message);

/* What was being stored of a file is given up, for `err`: fsync will tell. */
void upload_is_lost(struct node *file, int err);

#endif
