/*
 * What can be done in the tree. Each takes a task made ready on the node that it is on (see
 * task.h), and ends it; errors are those of contract §3 and §5.
 */
#ifndef GHSECRETFS_OPERATIONS_H
#define GHSECRETFS_OPERATIONS_H

#include "nodes/tree.h"
#include "sync/upload.h"
#include "tree/open_file.h"

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

/* As file_type.lookup and .list: of directories that only hold what is always there, and of
 * those that the API lists. */
void listed_lookup(struct task *task);
void listed_list(struct task *task);

/* Makes, or removes, a directory: only the policies in `access` can be. The new one is
 * task->result. */
void tree_mkdir(struct task *task, const char *file_name);
void tree_rmdir(struct task *task, const char *file_name);

/* Where a link points. 0 or -errno; -EINVAL for what is no link. */
int tree_link_target(const struct node *node, struct buffer *ret) WARN_UNUSED;
/* As file_type.target, of a link of organization-secrets: relative, and right within a whole
 * mount. */
int secret_link_target(const struct node *node, struct buffer *ret) WARN_UNUSED;

/* open.c */

/* Opens the file task->node as O_* in `flags` say: `*ret`, once done() is called with 0, and
 * task->result. What can be known before a value is checked here (contract §3.6). */
void tree_open(struct task *task, int flags, struct open_file **ret);

/* As file_type.open. -EACCES for reading. */
void secret_open(struct task *task, int flags, struct open_file **ret);
void bulk_open(struct task *task, int flags, struct open_file **ret);
void staging_open(struct task *task, int flags, struct open_file **ret);

/* create.c */

/* Opens the file of that name in the directory of secrets task->node, which may be new, in the
 * same way. `as_mkstemp`: with flags and mode as mkstemp(3) gives them. -EINVAL for a name that
 * cannot be a secret's, -EEXIST with O_EXCL, -EDQUOT, -EPERM where no secrets are. */
void tree_create(struct task *task, const char *file_name, int flags, bool as_mkstemp,
    struct open_file **ret);
/* Stores the payload under that name in the directory of secrets task->node, as an open, a
 * write and a close would, all in one; with O_EXCL in `flags` only as a new secret. What a
 * staging file holds may be stored as `.env`. */
void tree_store(
    struct task *task, const char *file_name, const struct payload *payload, int flags);

/* unlink.c */

/* Removes the file of that name in the directory task->node. */
void tree_unlink(struct task *task, const char *file_name);

/* As file_type.remove. */
void secret_unlink(struct task *task, struct node *node);
void bulk_unlink(struct task *task, struct node *node);
void staging_unlink(struct task *task, struct node *node);

/* rename.c */

/* Renames the file of that name in the directory task->node, with the flags of renameat2(2). */
void tree_rename(struct task *task, const char *file_name, struct node *new_dir,
    const char *new_name, unsigned flags);

/* As file_type.rename. -EPERM for a secret: the platform has no renaming. */
void secret_rename(struct task *task, struct node *node, struct node *new_dir,
    const char *new_name, unsigned flags);
void staging_rename(struct task *task, struct node *node, struct node *new_dir,
    const char *new_name, unsigned flags);

#endif
