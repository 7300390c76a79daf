/*
 * Removing a secret, and DELETEs that are held: tools that replace a file by unlink and create
 * (mv into the mount, install, tar, ...) would lose the old value when the upload fails. For a
 * process of such a name the unlink is answered at once, and the DELETE waits for what the
 * process does next. Contract §3.26.
 */
#ifndef GHSECRETFS_REMOVE_H
#define GHSECRETFS_REMOVE_H

#include "sync/task.h"

struct held;

/* Deletes the secret task->node in its turn, or holds the DELETE for the process of the task:
 * the name is then absent for all from now on. Ends the task. */
void remove_start(struct task *task);

/* Ends a task that was to remove something, with an errno that its program does not take for
 * the absence of the file. */
void remove_fail(struct task *task, const struct failure *why);

/* The process of the task does something else, on `name` in `dir`: its other DELETEs are sent.
 */
void held_go_on(struct tree *tree, pid_t tid, const struct node *dir, const char *name);

/*
 * The name of a held node is created anew. 0: the DELETE is off, and the new secret, if it is
 * stored, replaces the old one; if it cannot even be created, held_give_back() is due.
 * -EINPROGRESS: something is under way for the name; wait->done is called when it has ended,
 * one way or the other.
 */
int held_take(struct node *node, struct wait *wait) WARN_UNUSED;

/* The old secret is there again, unless a new node took its place. */
void held_give_back(struct node *node);

/* Sends all there are: the end is near. They count as uploads. */
void held_send_all(struct tree *tree);

/* Drops all, unsent. Nobody may wait for one any more. */
void held_free_all(struct tree *tree);

#endif
