/*
 * Files that are open for writing: secrets, staging files, `.env`.
 */
#ifndef GHSECRETFS_VALUE_FILE_H
#define GHSECRETFS_VALUE_FILE_H

#include "nodes/value.h"
#include "tree/open_file.h"

struct value_file {
    struct open_file file;
    struct value *value; /* of a staging file: the value in its node; else &own */
    struct value own;
    bool is_told; /* why the value is spoilt: each who lets go of the file has the error, and
                   * one line is enough */
    struct task release; /* sends a value that is left when the kernel releases the file. The
                          * task is here, so that even without memory the loss can be told */
};

/* file_type.opened of a secret, of a staging file and of `.env`. */
extern const struct open_type open_secret, open_staging, open_bulk;

/* Opens `node` for the task's caller, sets `*ret` and task->result, and ends the task. -ENOMEM;
 * or -EMFILE when no descriptor is left to look at the writer's process with. */
void value_file_open(struct task *task, struct node *node, int flags, struct open_file **ret);

/*
 * file_type.size (contract §3.11): the length of the value in the open file; of a node that
 * nobody has open, the length that this mount stored last. Where the kernel does not name the
 * open file, the open files of the process of `tid` come first, then all, and of several the
 * longest: a program that is told too short a length would overwrite its own text.
 */
uint64_t value_file_size(
    const struct tree *tree, const struct node *node, const struct open_file *file, pid_t tid);

/* file_type.truncate of a staging file, whose open files share one value. 0 or -errno. */
int staging_truncate_by_path(
    struct tree *tree, struct node *node, pid_t tid, uint64_t len) WARN_UNUSED;

#endif
