/*
 * `.env`: many secrets at once, from a file of KEY=VALUE lines. Contract §6.1.
 */
#ifndef GHSECRETFS_BULK_H
#define GHSECRETFS_BULK_H

#include "sync/upload.h"

/*
 * file_type.store of `.env`: stores every secret of the text payload->value, several at once.
 * All names and sizes are checked before the first request. When secrets could not be stored,
 * the task fails with the error of the first such secret, and `errors` has a line for each. The
 * text is copied.
 */
void bulk_start(struct task *task, const struct payload *payload);

#endif
