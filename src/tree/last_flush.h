/*
 * Is a flush the last one of an open file, and has its writer ended well? Contract §3.14,
 * §3.15. The same for every sort of file whose text is published when the file is let go of.
 */
#ifndef GHSECRETFS_LAST_FLUSH_H
#define GHSECRETFS_LAST_FLUSH_H

#include "tree/open_file.h"

/* The task flushes the file. When the flush is the last one, goes on as last_flush_certain();
 * when not, ends the task well. */
void last_flush_look(struct task *task, struct open_file *file);

/* The file is let go of for certain, and only its writers are looked at: publishes or drops
 * what was written, by the functions of the file's type. */
void last_flush_certain(struct task *task, struct open_file *file);

#endif
