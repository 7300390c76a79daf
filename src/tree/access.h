/*
 * What the directories `access` and `access/NAME` hold: see access.c. As kind.h's `lookup` and
 * `list`.
 */
#ifndef GHSECRETFS_ACCESS_H
#define GHSECRETFS_ACCESS_H

#include "tree/task.h"

/* Finds task->name, which is decoded: task->result. */
void access_lookup(struct task *task);
/* Fills the directory. */
void access_list(struct task *task);

/* The same for access/NAME. */
void policy_lookup(struct task *task);
void policy_list(struct task *task);

#endif
