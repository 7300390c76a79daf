/*
 * What can be done in the tree. Each takes a task made ready on the node that it is on (see
 * task.h), and ends it; errors are those of contract §3 and §5.
 */
#ifndef GHSECRETFS_OPERATIONS_H
#define GHSECRETFS_OPERATIONS_H

#include "nodes/tree.h"
#include "sync/task.h"
#include "tree/handle.h"

/* start.c */

/* 0 or -errno. `github` must live as long as the tree. */
int tree_new(struct loop *loop, struct github *github, const struct tree_options *options,
    struct tree **ret) WARN_UNUSED;
void tree_free(struct tree *tree);

/* The token's account: a failure of `task` says why the token is not accepted. */
void tree_check_token(struct task *task);
/* Sends the DELETEs that are held, as uploads: the end is near. */
void tree_send_held(struct tree *tree);

/* Makes a directory the root of the mount; before, it is the root of the whole tree. */
void tree_use_root(struct tree *tree, struct node *node);

/* lookup.c */

/* Finds the child of that file name: task->result. -ENOENT, -ENAMETOOLONG, -ESTALE, or what
 * the API answers. */
void tree_lookup(struct task *task, const char *file_name);
/* Finds task->name, decoded, among what is always there. */
void tree_lookup_fixed(struct task *task);
/* Makes sure that directory_first() and directory_next() give a fresh listing. */
void tree_list(struct task *task);
/* Shall readdir show this child of a listed directory? */
bool tree_is_shown(const struct node *child);
/* May the kernel keep a name and attributes of this node, and for how long? In ms. */
uint64_t tree_trust_ms(const struct tree *tree, const struct node *node);

/* Makes, or removes, a directory: only the policies in `access` can be. The new one is
 * task->result. */
void tree_mkdir(struct task *task, const char *file_name);
void tree_rmdir(struct task *task, const char *file_name);

/* Where a link of organization-secrets points: relative, and right within a whole mount. 0 or
 * -errno; -EINVAL for what is no link. */
int tree_link_target(const struct node *node, struct buffer *ret) WARN_UNUSED;

/* open.c */

/* Opens task->node for writing, a secret, a staging file or `.env`, as O_* in task->flags say:
 * task->handle. What can be known before the value is checked here (contract §3.6).
 * -EACCES for reading. */
void tree_open(struct task *task);
/* Opens the file of that name in the directory of secrets task->node, which may be new:
 * task->result and task->handle. -EINVAL for a name that cannot be a secret's, -EEXIST with
 * O_EXCL, -EDQUOT, -EPERM where no secrets are. */
void tree_create(struct task *task, const char *file_name);
/* Stores task->payload under that name in the directory of secrets task->node, as an open, a
 * write and a close would, all in one; with O_EXCL in task->flags only a new one. What a
 * staging file holds may be stored as `.env`. */
void tree_store(struct task *task, const char *file_name);

/* flush.c */

/* Sends what was written since the last upload, if anything, when nobody has the file in hand
 * any more. A writer that has failed publishes nothing. `task` is on the handle's node. */
void tree_flush(struct task *task, struct handle *handle);
/* Sends it now; and fails with the last upload's error until one succeeds. */
void tree_fsync(struct task *task, struct handle *handle);
/* Takes a write at `*offset`, or at the end where that is NULL; with commit=write sends it as
 * well, unless there is a hole still. */
void tree_write(struct task *task, struct handle *handle, const void *data, size_t len,
    const uint64_t *offset);
/* Closes it when nobody has it any more; what was written and not sent is sent before. */
void tree_release(struct handle *handle);
/* Drops what is being sent so, with a line in `errors` each: the end has come. */
void tree_abandon_releases(struct tree *tree);

/* unlink.c */

/* Deletes the secret of that file name in the directory task->node. */
void tree_unlink(struct task *task, const char *file_name);

/* rename.c */

/* Renames the file of that name in the directory task->node, with the flags of renameat2(2).
 * -EPERM for a secret: the platform has no renaming. */
void tree_rename(struct task *task, const char *file_name, struct node *new_dir,
    const char *new_name, unsigned flags);

#endif
