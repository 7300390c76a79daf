/*
 * The files under `.ghsecretfs`, which are read: what a reader gets is written when the file is
 * opened, so that it is whole.
 */
#ifndef GHSECRETFS_REPORT_H
#define GHSECRETFS_REPORT_H

#include "tree/open_file.h"

/* As kind.report: writes what a reader of each gets. 0 or -errno. */
int report_errors(const struct tree *tree, struct buffer *ret) WARN_UNUSED;
int report_status(const struct tree *tree, struct buffer *ret) WARN_UNUSED;

/* What an open report can do. */
extern const struct open_type open_report;

/* As file_type.open; -EACCES for writing. */
void report_open(struct task *task, int flags, struct open_file **ret);
/* As file_type.size: programs that read from the end look for the length first. */
uint64_t report_size(
    const struct tree *tree, const struct node *node, const struct open_file *file, pid_t tid);

#endif
