/*
 * The directories `access` and `access/NAME`: see access_dirs.c. As the functions of
 * file_type.h.
 */
#ifndef GHSECRETFS_ACCESS_DIRS_H
#define GHSECRETFS_ACCESS_DIRS_H

#include "sync/task.h"

/* Finds task->name, which is decoded: task->result. */
void access_lookup(struct task *task);
/* Fills the directory. */
void access_list(struct task *task);
/* Prepares the policy of a secret that does not exist yet: task->result. */
void access_mkdir(struct task *task);
/* Drops a prepared or held policy. */
void access_rmdir(struct task *task);
/* Lets go of the directory of secrets, whose listing stays no longer for its sake. */
void access_idle(struct nodes *nodes, struct node *access);

/* The same for access/NAME. */
void policy_lookup(struct task *task);
void policy_list(struct task *task);

#endif
