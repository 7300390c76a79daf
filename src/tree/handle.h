/*
 * Files that are open for writing: secrets, staging files, `.env`.
 */
#ifndef GHSECRETFS_HANDLE_H
#define GHSECRETFS_HANDLE_H

#include "nodes/node.h"
#include "nodes/value.h"
#include "sync/task.h"
#include "tree/writers.h"

struct handle {
    struct tree *tree;
    struct node *node;   /* referenced */
    struct value *value; /* of a staging file the node's, else `own` */
    struct value own;
    struct writers writers;
    struct task release; /* sends what is left once nobody has the handle any more; is here so
                          * that no memory is needed then. All zeroes before */
    int notice_fd;       /* to the opener's standard error, or -1 */
    struct handle *prev, *next; /* in tree->handles */
};

/* Opens `node` for the task's caller: task->handle and task->result. Ends the task, well or
 * with ENOMEM, or EMFILE: processes could not be looked at. */
void handle_open(struct task *task, struct node *node);

/*
 * The length of a file: of an open one what was written so far, else what was stored from here.
 * `handle` may be NULL: fstat(2) does not say which open file it is about. Then the files of
 * the process of the thread `tid` come first, if it has the node open, and of several the
 * longest: a length that is too short would have a program overwrite what it wrote.
 */
uint64_t handle_size(
    const struct tree *tree, const struct node *node, const struct handle *handle, pid_t tid);

/* To truncate a file by its path: what the process of the thread `tid` has open of it, or who
 * opened it for that process. A process that has none open changes nothing, and for that only
 * length 0 is right. 0; -EINVAL; -EBUSY for one that has several, which have a value each; or
 * an -errno of value_truncate(), or of looking at the process. */
int handle_truncate_by_path(
    const struct tree *tree, const struct node *node, pid_t tid, uint64_t len) WARN_UNUSED;

/* Forgets what was not sent. */
void handle_close(struct handle *handle);

#endif
