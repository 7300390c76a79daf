/*
 * Files that are open for writing: secrets, staging files, `.env`.
 */
#ifndef GHSECRETFS_VALUE_FILE_H
#define GHSECRETFS_VALUE_FILE_H

#include "nodes/value.h"
#include "tree/open_file.h"

struct value_file {
    struct open_file file;
    struct value *value; /* of a staging file the node's, else `own` */
    struct value own;
    struct task release; /* sends what is left once the kernel has let go of the file. It is
                          * here so that no memory is needed then */
};

/* What an open secret, staging file and `.env` can do. */
extern const struct open_type open_secret, open_staging, open_bulk;

/* Opens `node` for the task's caller: `*ret`, and task->result. Ends the task, well or with
 * -ENOMEM, or -EMFILE: processes could not be looked at. */
void value_file_open(struct task *task, struct node *node, int flags, struct open_file **ret);

/*
 * As file_type.size: of an open file what was written so far, else what was stored from here.
 * Where the open file is not known, those of the process come first, and of several the
 * longest: a length that is too short would have a program overwrite what it wrote.
 */
uint64_t value_file_size(
    const struct tree *tree, const struct node *node, const struct open_file *file, pid_t tid);

/* As file_type.truncate, of a staging file. */
int staging_truncate_by_path(
    struct tree *tree, struct node *node, pid_t tid, uint64_t len) WARN_UNUSED;

#endif
