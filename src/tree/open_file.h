/*
 * Open files, the objects behind the kernel's file handles. What an open file can do is a table
 * of functions, one table for each sort of file.
 */
#ifndef GHSECRETFS_OPEN_FILE_H
#define GHSECRETFS_OPEN_FILE_H

#include "base/buffer.h"
#include "nodes/node.h"
#include "sync/task.h"
#include "tree/holders.h"
#include "tree/writers.h"

/* What all open files have. The first member of the struct that a sort of file opens. */
struct open_file {
    const struct open_type *type;
    struct tree *tree;
    struct node *node; /* referenced */
    bool can_write;
    bool is_released; /* by the kernel; the rest of the text is being sent */
    struct writers writers;
    int notice_fd;                 /* the opener's standard error, owned; or -1 */
    struct open_file *prev, *next; /* in tree->open_files */
};

/* A task given to a function is on the file's node, and the function ends the task. */
struct open_type {
    size_t max;        /* bytes that the file may have */
    bool is_one_value; /* the file is stored as one value: the limit of a value counts too */

    /* The text that a reader gets, borrowed. NULL: reading is EACCES. A text that cannot be
     * read is never shown as empty: mv would copy the empty text and remove the file. */
    void (*text)(const struct open_file *file, const char **ret, size_t *ret_len);
    /* Takes a write at `*offset`; with `offset` NULL, at the end of the text. */
    void (*write)(struct task *task, struct open_file *file, const void *data, size_t len,
        const uint64_t *offset);
    /* 0 or -errno. */
    int (*truncate)(struct open_file *file, uint64_t len);
    /* A process closes a descriptor: publishes the text if no other process holds the file.
     * NULL: nothing is published. */
    void (*flush)(struct task *task, struct open_file *file);
    /* Publishes the text, whoever holds the file. NULL: calls `flush`. */
    void (*fsync)(struct task *task, struct open_file *file);
    /* The kernel releases the file: publishes text that no flush has published, then frees the
     * open file. */
    void (*release)(struct open_file *file);
    /* The program ends, or the caller of open has gone: drops text that is not published, and
     * frees the open file. A loss that no process can be told of is a line in `errors`. */
    void (*close)(struct open_file *file);

    /* What becomes of a flush that may be the last one: see last_flush.h. */

    /* Is there text to be published? False: the task has ended. */
    bool (*has_unsent)(struct task *task, struct open_file *file);
    /* No process holds the file, and the writer has not failed: publishes the text. */
    void (*send)(struct task *task, struct open_file *file);
    /* The writer has failed, as `why` says: drops the text. */
    void (*drop)(struct task *task, struct open_file *file, const struct failure *why);
    /* For `err`, a -errno, nobody can tell whether the text is whole: refuses the text. */
    void (*blind)(struct task *task, struct open_file *file, int err);
};

/* Fills a zeroed open file for the caller of the task, and adds the file to tree->open_files.
 * The open file references `node`. */
void open_file_init(struct open_file *file, const struct open_type *type,
    const struct task *task, struct node *node, int flags);
/* Takes the file out of tree->open_files, and gives back its node and its notice_fd. The struct
 * is the caller's to free. */
void open_file_release(struct open_file *file);

/* For every sort of open file. Each ends the task. A flush or fsync for which the type has no
 * function is a success. */
void open_file_write(struct task *task, struct open_file *file, const void *data, size_t len,
    const uint64_t *offset);
void open_file_flush(struct task *task, struct open_file *file);
void open_file_fsync(struct task *task, struct open_file *file);
/* Calls `close` of every open file. */
void open_files_close(struct tree *tree);

/* Calls holders_beside() for every other open file of the node that is open for writing. 0 or
 * -errno. */
int open_file_tell_beside(const struct open_file *file, struct holders *holders) WARN_UNUSED;

/*
 * file_type.truncate: truncates the open file of `node` that the process of the thread `tid`
 * has opened, has inherited from an ancestor, or has written to. Without such an open file
 * nothing changes: 0 for length 0, -EINVAL for another length. -EBUSY when there are several
 * such open files, since each has a text of its own. Else the result of open_type.truncate, or
 * the -errno of looking at the process.
 */
int open_file_truncate_by_path(
    struct tree *tree, struct node *node, pid_t tid, uint64_t len) WARN_UNUSED;

#endif
