/*
 * The files `visibility` and `repositories` of an organization's secret. Contract §4.1, §4.2.
 *
 * A list is a text: offsets count, and the boundaries between writes mean nothing. A list that
 * replaces the selection is applied whole, at the last flush or fsync. Signed lines, additions
 * and words act inside write, as in the control files of cgroups, so that echo sees the error:
 * a whole line acts at once; the beginning of a line acts when the rest of the line comes, or
 * at the last flush or fsync.
 */
#ifndef GHSECRETFS_ACCESS_FILE_H
#define GHSECRETFS_ACCESS_FILE_H

#include "tree/open_file.h"

extern const struct open_type open_access_file;

/* file_type.open of the two files. The present text is fetched before the open is answered when
 * the file is opened to be read, and when a list is opened to be written over. */
void visibility_file_open(struct task *task, int flags, struct open_file **ret);
void repositories_file_open(struct task *task, int flags, struct open_file **ret);

/* file_type.size: the length of the longest text in an open file of the node; open files for
 * writing come first. 0 when nobody has the node open. */
uint64_t access_file_size(
    const struct tree *tree, const struct node *node, const struct open_file *file, pid_t tid);

#endif
