/*
 * What is written to `visibility` and `repositories`: words, lists, changes of lists. Takes the
 * text of an open file apart, and starts the changes (sync/policy.h, sync/selection_apply.h).
 */
#ifndef GHSECRETFS_ACCESS_WRITE_H
#define GHSECRETFS_ACCESS_WRITE_H

#include "sync/list_text.h"
#include "tree/open_file.h"

struct access_file {
    struct open_file file;
    bool is_word; /* `visibility`, which holds one word; else `repositories`, a list */
    struct list_text list;
    int spoilt; /* -errno of a text that was refused, until the file is truncated to 0 bytes; or
                 * 0 */
};

static inline struct access_file *access_file_of(struct open_file *file)
{
    return (struct access_file *)file; /* `file` is the first member */
}

/* The directory access/NAME of the file; borrowed. */
static inline struct node *access_file_policy(const struct access_file *file)
{
    return file->file.node->parent;
}

/* open_type.write. Ends with the error of the change that the write made; with -EINVAL for a
 * text that is no list or no word; or with -EFBIG past LIST_TEXT_MAX. A refused list, and a
 * refused line without its end, spoil the file: every later write and flush fails with the same
 * -errno until the file is truncated. */
void access_file_write(struct task *task, struct open_file *file, const void *data, size_t len,
    const uint64_t *offset);

/* open_type.send: applies the part of the text that was not applied yet. */
void access_file_apply(struct task *task, struct open_file *file);

/* Ends the task with a failure, which is kept in the node: a later fsync gives the same -errno.
 */
void access_file_fail(struct task *task, struct access_file *file, const struct failure *why);
void access_file_fail_errno(
    struct task *task, struct access_file *file, int err, const char *message);
/* Ends the task with file->spoilt, without a line in `errors` and without a notice: both were
 * written when the text was refused. */
void access_file_fail_again(struct task *task, struct access_file *file);

#endif
