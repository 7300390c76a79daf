/*
 * The files `visibility` and `repositories` of an organization's secret. Contract §4.1, §4.2.
 *
 * A list is a text: offsets count, and where its writes are cut means nothing. One that
 * replaces is applied whole, at the last flush or fsync. Signed lines, additions and words act
 * inside write, as cgroup control files do, so that echo sees the error: each whole line at
 * once, and the beginning of one with its rest, or at the last flush or fsync.
 */
#ifndef GHSECRETFS_ACCESS_FILES_H
#define GHSECRETFS_ACCESS_FILES_H

#include "sync/list_text.h"
#include "sync/task.h"
#include "tree/writers.h"

/* An open control file. */
struct control {
    struct tree *tree;
    struct node *node; /* the file; referenced */
    struct list_text list;
    bool can_write;
    int spoilt; /* -errno of what is no list, or no word, until it is truncated; or 0 */
    struct writers writers;
    int notice_fd;               /* to the opener's standard error, or -1 */
    struct control *prev, *next; /* in tree->controls */
};

/* Opens the control file task->node as O_* in task->flags say: task->control. What it reads as
 * is fetched, if it is to be read, or written without being truncated. */
void tree_open_control(struct task *task);

/* What was never applied is a line in `errors`, and on the writer's standard error. */
void control_close(struct control *control);

/*
 * The task is on the file's directory, access/NAME, for these. The offset of a write is NULL
 * when it appends. Errors of a write are those of what acts inside; -EINVAL for what is no
 * list, or no word; -EFBIG. They spoil a list, and a line that is not ended: this and every
 * later write and flush gives them again.
 */
void tree_write_control(struct task *task, struct control *control, const char *data,
    size_t len, const uint64_t *offset);
/* Applies what was written, when nobody has the file open for writing any more. Of a writer
 * that has failed it applies nothing. */
void tree_flush_control(struct task *task, struct control *control);
/* Applies it now; and fails as the last change did, until one succeeds. */
void tree_fsync_control(struct task *task, struct control *control);

/* As list_text_truncate(). */
int control_truncate(struct control *control, uint64_t len) WARN_UNUSED;
/* As handle_truncate_by_path(), of a control file. */
int control_truncate_by_path(
    const struct tree *tree, const struct node *node, pid_t tid, uint64_t len) WARN_UNUSED;

/* The length of the file as somebody sees it who has it open; as who writes it does, if anyone
 * does. 0 when nobody has it open. */
size_t control_size(const struct tree *tree, const struct node *node);

#endif
