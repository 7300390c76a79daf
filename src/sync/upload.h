/*
 * Sending a value: in the turn of its entry, sealed, in one PUT. With the value of an
 * organization's secret goes its policy: what is prepared or held, or else what the server has.
 */
#ifndef GHSECRETFS_UPLOAD_H
#define GHSECRETFS_UPLOAD_H

#include "nodes/value.h"
#include "sync/task.h"

/* What is to be stored under a name: a value, or the bytes at `data`. */
struct payload {
    const struct value *value; /* borrowed, and read each time the value is sealed; or NULL */
    const unsigned char *data; /* if `value` is NULL; borrowed */
    size_t len;                /* of `data` */
    struct node *staged;       /* the staging file that `value` is in, or NULL; borrowed */
};

/* Call when a payload was stored: if the payload came from a staging file, the staging file is
 * published (staging_publish()). */
void payload_is_stored(struct nodes *nodes, const struct payload *payload);

/*
 * Sends the payload as the value of the entry task->node, and ends the task. Sends nothing if
 * the payload is empty. `*payload` is copied; `value` or `data` must live as long as the task,
 * and the upload references `staged`. A failure leaves the server's entry as the entry was,
 * unless no answer came. task->notice_fd is told of a failure.
 */
void upload_start(struct task *task, const struct payload *payload);

/* Ends the task with a failure that fsync of task->node, the file that was to be stored, will
 * tell again. */
void upload_fail(struct task *task, const struct failure *why);
void upload_fail_errno(struct task *task, int err, const char *message);

/* A line in `errors`: the file task->node was removed while it was open, and what was written
 * to the file is not written back, which is no failure of its writer's (contract §3.22). */
void upload_tell_removed(const struct task *task);

/* The upload of `file` is given up for `err` (-errno): fsync of the file will fail. */
void upload_is_lost(struct node *file, int err);

#endif
