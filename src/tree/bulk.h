/*
 * `.env`: many secrets at once, from a file of KEY=VALUE lines. Contract §6.1.
 */
#ifndef GHSECRETFS_BULK_H
#define GHSECRETFS_BULK_H

#include "sync/upload.h"

/*
 * Stores every secret of the file payload->value, many at once, and ends the task, which is on
 * the node of `.env`. Names and sizes are all checked before the first request. When some fail,
 * so does the task; `errors` names each. The text is copied.
 */
void bulk_start(struct task *task, const struct payload *payload);

#endif
