/*
 * What is written to `visibility` and `repositories`: words, lists, changes of lists. Between
 * access_file.h and selection_apply.h.
 */
#ifndef GHSECRETFS_ACCESS_WRITE_H
#define GHSECRETFS_ACCESS_WRITE_H

#include "tree/access_file.h"

/* As open_type.write. Errors are those of what acts inside; -EINVAL for what is no list, or no
 * word; -EFBIG. They spoil a list, and a line that is not ended: this and every later write and
 * flush gives them again. */
void access_file_write(struct task *task, struct open_file *file, const void *data, size_t len,
    const uint64_t *offset);

/* As open_type.send: applies what was written and not applied. */
void access_file_apply(struct task *task, struct open_file *file);

/* Ends the task with a failure that fsync will tell again. */
void access_file_fail(struct task *task, struct access_file *file, const struct failure *why);
void access_file_fail_errno(
    struct task *task, struct access_file *file, int err, const char *message);
/* Ends the task with what the file is spoilt by, which was told already. */
void access_file_fail_again(struct task *task, struct access_file *file);

#endif
