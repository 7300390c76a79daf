/*
 * The directories `access` and access/NAME of an organization's store. Each function is for a
 * slot of struct file_type (nodes/file_type.h), which its comment names.
 */
#ifndef GHSECRETFS_ACCESS_DIRS_H
#define GHSECRETFS_ACCESS_DIRS_H

#include "sync/task.h"

/* `lookup` of `access`: a policy is there for each secret of the organization, and for each
 * name that a policy is held for. */
void access_lookup(struct task *task);
/* `list` of `access`. */
void access_list(struct task *task);
/* `make` of `access`: prepares the policy of a secret that does not exist yet, as task->result.
 * -EEXIST when the secret exists or a policy of the name is held. */
void access_mkdir(struct task *task);
/* `remove_directory` of `access`: drops a held policy. -EPERM for a policy that only the server
 * has. */
void access_rmdir(struct task *task);
/* `idle` of `access`: gives back the reference to the directory of secrets, which kept the
 * listing of the secrets. */
void access_idle(struct nodes *nodes, struct node *access);

/* `lookup` and `list` of access/NAME. */
void policy_lookup(struct task *task);
void policy_list(struct task *task);

#endif
