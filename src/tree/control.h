/*
 * The files `visibility` and `repositories` of an organization's secret. Contract §4.
 *
 * Words and signed lines act inside write, as cgroup control files do, so that echo sees the
 * error; a list that replaces may come in many writes, and is applied at the last flush.
 */
#ifndef GHSECRETFS_CONTROL_H
#define GHSECRETFS_CONTROL_H

#include "tree/task.h"
#include "tree/writers.h"

/* An open control file. */
struct control {
    struct tree *tree;
    struct node *node;  /* the file; referenced */
    struct buffer text; /* what a reader gets, made at open */
    struct buffer list; /* what was written of a list that replaces; else of a line */
    bool dirty;         /* there is such a list that was not applied */
    bool has_plain;     /* there is an entry in it */
    bool has_changed;   /* signed lines, or additions, have acted */
    bool append;        /* opened with O_APPEND: lines are additions */
    int spoilt;         /* -errno of a list that is no list, until it is truncated; or 0 */
    struct writers writers;
    int notice_fd;               /* to the opener's standard error, or -1 */
    struct control *prev, *next; /* in tree->controls */
};

/* Opens the control file task->node: task->control. With `reading` what it reads as is fetched
 * if need be. */
void tree_open_control(struct task *task, bool reading, bool append);
void control_close(struct control *control);

/* The task is on the file's directory, access/NAME, for these. */
void tree_write_control(
    struct task *task, struct control *control, const char *data, size_t len);
void tree_flush_control(struct task *task, struct control *control);

/* Nothing was written. */
void control_truncate(struct control *control);

#endif
