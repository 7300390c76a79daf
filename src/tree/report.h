/*
 * The files in `.ghsecretfs`, which can only be read. The text of a report is made when the
 * report is opened, so that a reader in several steps reads one whole text. Contract §2.4.
 */
#ifndef GHSECRETFS_REPORT_H
#define GHSECRETFS_REPORT_H

#include "tree/open_file.h"

/* kind.report of `errors` and `status`: adds the text to `ret`. 0 or -errno. */
int report_errors(const struct tree *tree, struct buffer *ret) WARN_UNUSED;
int report_status(const struct tree *tree, struct buffer *ret) WARN_UNUSED;

/* file_type.opened of reports. */
extern const struct open_type open_report;

/* file_type.open; -EACCES for writing. */
void report_open(struct task *task, int flags, struct open_file **ret);
/* file_type.size: the length of the text that an open now would make, since programs that read
 * from the end ask for the length first. */
uint64_t report_size(
    const struct tree *tree, const struct node *node, const struct open_file *file, pid_t tid);

#endif
