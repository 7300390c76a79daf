/*
 * What can be done in the tree. An operation takes a task that task_init() has put on the node
 * that the comment names, and ends the task, perhaps before the operation returns. Errors are
 * those of contract §3 and §5. A `file_name` is a name as the mount shows it.
 */
#ifndef GHSECRETFS_OPERATIONS_H
#define GHSECRETFS_OPERATIONS_H

#include "nodes/tree.h"
#include "sync/upload.h"
#include "tree/open_file.h"

/* start.c */

/* Makes the tree. 0 or -errno. `github` must live as long as the tree. */
int tree_new(struct loop *loop, struct github *github, const struct tree_options *options,
    struct tree **ret) WARN_UNUSED;
void tree_free(struct tree *tree);

/* Asks which account the token belongs to, and keeps its login. Fails when GitHub does not
 * accept the token. */
void tree_check_token(struct task *task);
/* Sends the held DELETEs, before the program ends; the DELETEs count as uploads. */
void tree_send_held(struct tree *tree);

/* Makes a directory the root of the mount, in the place of the root of the whole tree. */
void tree_use_root(struct tree *tree, struct node *node);

/* lookup.c */

/* Finds the child `file_name` of the directory task->node: task->result. -ENOENT,
 * -ENAMETOOLONG, -ESTALE, or the error of the API's answer. */
void tree_lookup(struct task *task, const char *file_name);
/* Finds task->name, decoded, among the fixed children of the directory task->node. */
void tree_lookup_fixed(struct task *task);
/* Ends well once directory_first() and directory_next() of task->node give a fresh listing. */
void tree_list(struct task *task);
/* Shall readdir show this child of a listed directory? */
bool tree_is_shown(const struct node *child);
/* How long the kernel may keep the name and the attributes of this node, in ms. */
uint64_t tree_trust_ms(const struct tree *tree, const struct node *node);

/* file_type.lookup and file_type.list of directories that the API lists. */
void listed_lookup(struct task *task);
void listed_list(struct task *task);

/* Makes (task->result) and removes the directory `file_name` in task->node. Only the policies
 * in `access` can be made and removed. */
void tree_mkdir(struct task *task, const char *file_name);
void tree_rmdir(struct task *task, const char *file_name);

/* Adds the target of the link `node` to `ret`. 0 or -errno; -EINVAL for a node that is no
 * link. */
int tree_link_target(const struct node *node, struct buffer *ret) WARN_UNUSED;
/* file_type.target of a link in organization-secrets: a relative path, which leads to the
 * secret when the whole tree is mounted (contract §2.7). */
int secret_link_target(const struct node *node, struct buffer *ret) WARN_UNUSED;

/* open.c */

/* Opens the file task->node with the O_* of `flags`. `*ret` and task->result are set when
 * done() is called with 0. `ret` must live until the task ends. An open for writing fails for
 * every reason that is known before there is a value (contract §3.6). */
void tree_open(struct task *task, int flags, struct open_file **ret);

/* file_type.open. -EACCES for reading; but a secret that is not stored yet, and a staging file,
 * can be opened for reading and writing, since many programs open so and only write. */
void secret_open(struct task *task, int flags, struct open_file **ret);
void bulk_open(struct task *task, int flags, struct open_file **ret);
void staging_open(struct task *task, int flags, struct open_file **ret);

/* create.c */

/* Opens the file `file_name`, which may be new, in the directory of secrets task->node; `ret`
 * as in tree_open(). `as_mkstemp`: the flags and the mode are those of mkstemp(3). -EINVAL for
 * a name that no secret can have, -EEXIST with O_EXCL, -EDQUOT, -EPERM in a directory that is
 * not one of secrets. */
void tree_create(struct task *task, const char *file_name, int flags, bool as_mkstemp,
    struct open_file **ret);
/* Refuses to make the file `file_name`, which would be no regular one, in the directory
 * task->node. */
void tree_create_other(struct task *task, const char *file_name);
/* Stores the payload as the file `file_name` in the directory of secrets task->node: an open, a
 * write and a close in one. With O_EXCL in `flags` only a new secret is stored. `file_name` may
 * be `.env` when the payload is the text of a staging file. The struct is copied; the value or
 * the bytes that the payload points to must live until the task ends. */
void tree_store(
    struct task *task, const char *file_name, const struct payload *payload, int flags);

/* unlink.c */

/* Removes the file `file_name` from the directory task->node. */
void tree_unlink(struct task *task, const char *file_name);

/* file_type.remove. */
void secret_unlink(struct task *task, struct node *node);
void bulk_unlink(struct task *task, struct node *node);
void staging_unlink(struct task *task, struct node *node);

/* rename.c */

/* Renames the file `file_name` of the directory task->node, with the flags of renameat2(2). */
void tree_rename(struct task *task, const char *file_name, struct node *new_dir,
    const char *new_name, unsigned flags);

/* file_type.rename. -EPERM for a secret in a store that cannot rename (nodes/store.h). */
void secret_rename(struct task *task, struct node *node, struct node *new_dir,
    const char *new_name, unsigned flags);
void staging_rename(struct task *task, struct node *node, struct node *new_dir,
    const char *new_name, unsigned flags);

#endif
