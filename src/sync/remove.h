/*
 * Removing an entry of a store, and DELETEs that are held. Tools that replace a file by unlink
 * and create (mv into the mount, install, tar, ...) would lose the old value when the upload
 * fails. So the unlink of a process whose name is one of these tools' is answered at once, and
 * the DELETE is held until the process does something else. Contract §3.26.
 */
#ifndef GHSECRETFS_REMOVE_H
#define GHSECRETFS_REMOVE_H

#include "sync/task.h"

struct held;

/* Deletes the entry task->node in its turn; or, for a process of such a name, holds the DELETE,
 * and hides the entry from all. Ends the task. */
void remove_start(struct task *task);

/* Waits for the DELETEs that were asked for of an entry. 0: there are none. -EINPROGRESS:
 * wait->done is called in the entry's turn, which is to be given back: a DELETE that was asked
 * for before has then ended, one way or the other. */
int removal_wait(struct node *node, struct wait *wait) WARN_UNUSED;

/* Ends a task that was to remove a file with the failure `why`. `rm -f` takes EINVAL for the
 * absence of the file: rm gets EPERM instead. */
void remove_fail(struct task *task, const struct failure *why);

/* The process of the thread `tid` creates, unlinks or renames `name` in `dir`: a DELETE that is
 * held for the process on any other name is not part of a replacement, and is sent now. */
void held_go_on(struct tree *tree, pid_t tid, const struct node *dir, const char *name);

/*
 * Somebody creates the name of `node`, a NODE_HELD entry. 0: the DELETE is off. The caller then
 * calls presence_replace(), or held_give_back() if the new entry cannot be created.
 * -EINPROGRESS: the DELETE is sent, since that or another change of the entry is under way;
 * wait->done is called, always with success, when the DELETE has ended.
 */
int held_take(struct node *node, struct wait *wait) WARN_UNUSED;

/* After held_take(): makes the old entry NODE_HERE again, with a line in `errors`, unless a new
 * entry took its place. */
void held_give_back(struct tree *tree, struct node *node);

/* What was to be made as `name` in `dir` is refused. Calls off a DELETE that is held for the
 * name, and was not sent yet: the entry is NODE_HERE again, with a line in `errors`. */
void held_keep(const struct node *dir, const char *name);

/* Sends all held DELETEs, since the mount is about to end. A DELETE that is sent counts as an
 * upload: see task_counts_as_upload(). */
void held_send_all(struct tree *tree);

/* Drops the held DELETEs unsent, and abandons the DELETEs under way. Nobody may wait for the
 * end of a DELETE any more. */
void held_free_all(struct tree *tree);

#endif
