/*
 * Files that are open: what the kernel's file handle stands for. What an open file can do is a
 * table of functions, one a sort of file.
 */
#ifndef GHSECRETFS_OPEN_FILE_H
#define GHSECRETFS_OPEN_FILE_H

#include "base/buffer.h"
#include "nodes/node.h"
#include "sync/task.h"
#include "tree/holders.h"
#include "tree/writers.h"

/* The first member of what each sort of file makes of it. */
struct open_file {
    const struct open_type *type;
    struct tree *tree;
    struct node *node; /* referenced */
    bool can_write;
    bool is_released; /* the kernel has let go of the file, and what is left is being sent */
    struct writers writers;
    int notice_fd;                 /* to the opener's standard error, or -1 */
    struct open_file *prev, *next; /* in tree->open_files */
};

/* Functions that are given a task, which is on the file's node, end the task. */
struct open_type {
    size_t max;        /* the longest that the file may be, in bytes */
    bool is_one_value; /* the file is stored as one value, whose own limit counts too */

    /* What a reader gets, borrowed. NULL: EACCES. Never an empty text in its place: mv would
     * take that for all of the file, and remove the file. */
    const struct buffer *(*text)(const struct open_file *file);
    /* Takes a write at `*offset`, or at the end where that is NULL. */
    void (*write)(struct task *task, struct open_file *file, const void *data, size_t len,
        const uint64_t *offset);
    int (*truncate)(struct open_file *file, uint64_t len);
    /* A process lets go of a descriptor: publishes what was written, if nobody else has the
     * file in hand. NULL: nothing is published. */
    void (*flush)(struct task *task, struct open_file *file);
    /* Publishes what was written, whoever has the file. NULL: as flush. */
    void (*fsync)(struct task *task, struct open_file *file);
    /* The kernel lets go of the file: publishes what is left, and closes it. */
    void (*release)(struct open_file *file);
    /* The program ends: drops what is left, with a line in `errors`, and closes the file. */
    void (*close)(struct open_file *file);

    /* What becomes of a flush that may be the last one: see last_flush.h. */

    /* Is there anything to be published? False: the task has ended. */
    bool (*has_unsent)(struct task *task, struct open_file *file);
    /* Nobody has the file any more, and who wrote it has not failed: publishes it. */
    void (*send)(struct task *task, struct open_file *file);
    /* Who wrote the file has failed: drops what was written, for `why`. */
    void (*drop)(struct task *task, struct open_file *file, const struct failure *why);
    /* Whether what was written is whole cannot be told, for `err`, a -errno: drops it. */
    void (*blind)(struct task *task, struct open_file *file, int err);
};

/* Fills a zeroed open file for the caller of the task, and adds it to the tree's. `node` is
 * referenced. */
void open_file_init(struct open_file *file, const struct open_type *type,
    const struct task *task, struct node *node, int flags);
/* Takes the file out, and gives back what open_file_init() took. */
void open_file_release(struct open_file *file);

/* What can be done with every open file, whatever it is. */
void open_file_write(struct task *task, struct open_file *file, const void *data, size_t len,
    const uint64_t *offset);
void open_file_flush(struct task *task, struct open_file *file);
void open_file_fsync(struct task *task, struct open_file *file);
/* Ends them all: the program ends. */
void open_files_close(struct tree *tree);

/* Tells the holders of the open files that are beside this one: open for writing, and of the
 * same node. 0 or -errno. */
int open_file_tell_beside(const struct open_file *file, struct holders *holders) WARN_UNUSED;

/*
 * Truncates the file `node` by its path: what the process of the thread `tid` has open of it,
 * or who opened it for that process. A process that has none open changes nothing, and for that
 * only length 0 is right. 0; -EINVAL; -EBUSY for a process that has several, which have a text
 * each; or an -errno of open_type.truncate, or of looking at the process.
 */
int open_file_truncate_by_path(
    struct tree *tree, struct node *node, pid_t tid, uint64_t len) WARN_UNUSED;

#endif
