/*
 * The files `visibility` and `repositories` of an organization's secret. Contract §4.1, §4.2.
 *
 * A list is a text: offsets count, and where its writes are cut means nothing. A list that
 * replaces is applied whole, at the last flush or fsync. Signed lines, additions and words act
 * inside write, as cgroup control files do, so that echo sees the error: each whole line at
 * once, and the beginning of a line with its rest, or at the last flush or fsync.
 */
#ifndef GHSECRETFS_ACCESS_FILE_H
#define GHSECRETFS_ACCESS_FILE_H

#include "sync/list_text.h"
#include "tree/open_file.h"

struct access_file {
    struct open_file file;
    bool is_word; /* `visibility`, which holds one word; else `repositories`, a list */
    struct list_text list;
    int spoilt; /* -errno of what is no list, or no word, until it is truncated; or 0 */
};

static inline struct access_file *access_file_of(struct open_file *file)
{
    return (struct access_file *)file; /* its first member */
}

/* access/NAME, which the file is in. */
static inline struct node *access_file_policy(const struct access_file *file)
{
    return file->file.node->parent;
}

extern const struct open_type open_access_file;

/* As file_type.open. What the file reads as is fetched, if it is to be read, or written without
 * being truncated. */
void visibility_file_open(struct task *task, int flags, struct open_file **ret);
void repositories_file_open(struct task *task, int flags, struct open_file **ret);

/* As file_type.size: the length as somebody sees it who has the file open; as who writes it
 * does, if anyone does. 0 when nobody has it open. */
uint64_t access_file_size(
    const struct tree *tree, const struct node *node, const struct open_file *file, pid_t tid);

#endif
