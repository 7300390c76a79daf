/*
 * `.env`: many secrets at once, from a file of KEY=VALUE lines. Contract §6.1.
 */
#ifndef GHSECRETFS_BULK_H
#define GHSECRETFS_BULK_H

#include "sync/task.h"

/*
 * Stores every secret of the file `value`, many at once, and ends the task, which is on the
 * node of `.env`. Names and sizes are all checked before the first request. When some fail, so
 * does the task; `errors` names each. `value` is copied.
 */
void bulk_start(struct task *task, const struct value *value);

#endif
