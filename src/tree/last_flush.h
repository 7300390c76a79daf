/*
 * Is a flush the last one of an open file, and has the writer ended well? Contract §3.14,
 * §3.15. For every sort of file whose text is published when the last process closes the file.
 */
#ifndef GHSECRETFS_LAST_FLUSH_H
#define GHSECRETFS_LAST_FLUSH_H

#include "tree/open_file.h"

/* For a flush of `file` by the task. When the flush is the last one, goes on as
 * last_flush_certain(); when another flush will come, ends the task well. */
void last_flush_look(struct task *task, struct open_file *file);

/* For a file that no process holds any more. Publishes the text; drops the text when its
 * writer has failed; refuses the text when the writer cannot be looked at: `send`, `drop` and
 * `blind` of struct open_type. Ends the task. */
void last_flush_certain(struct task *task, struct open_file *file);

#endif
