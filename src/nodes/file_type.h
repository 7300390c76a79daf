/*
 * A sort of file: what can be done with a node of the sort, as a table of functions. The tables
 * themselves are in tree/file_types.c; what differs from place to place is in kind.h.
 *
 * Each function that is given a task ends the task. An empty slot is a refusal, which each slot
 * names.
 */
#ifndef GHSECRETFS_FILE_TYPE_H
#define GHSECRETFS_FILE_TYPE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"

struct node;
struct nodes;
struct open_file;
struct open_type;
struct payload;
struct task;
struct tree;

/* Which member of the union in struct node the nodes of a sort use. */
enum node_member { MEMBER_NONE, MEMBER_HELD, MEMBER_STAGED, MEMBER_POLICY, MEMBER_BESIDE };

/* An extended attribute: its name, and how its text is written, "" for none. */
#define FILE_ATTRIBUTE_SIZE 24
struct file_attribute {
    const char *name; /* NULL ends the list */
    void (*write)(const struct node *node, char out[static FILE_ATTRIBUTE_SIZE]);
};

struct file_type {
    mode_t format; /* S_IFDIR, S_IFREG or S_IFLNK */
    enum node_member member;
    /* The kernel must ask about a name each time: whether the file is there depends on what was
     * written a moment ago, or a rename gives the name to another file. */
    bool is_fleeting;

    /* Directories */

    /* Finds task->name, decoded, in the directory task->node: task->result. NULL: ENOENT. */
    void (*lookup)(struct task *task);
    /* Makes sure that all children are there that readdir shows. NULL: they are. */
    void (*list)(struct task *task);
    /* Makes the directory task->name, as it was given: task->result. NULL: EPERM. */
    void (*make)(struct task *task);
    /* Removes the directory task->name, decoded. NULL: EPERM. */
    void (*remove_directory)(struct task *task);

    /* Files */

    /* Opens task->node as the O_* of `flags` say. NULL: EACCES. */
    void (*open)(struct task *task, int flags, struct open_file **ret);
    /* What an open file of the sort can do; NULL where there is no `open`. */
    const struct open_type *opened;
    /* The length in bytes for the thread `tid`, which may have the file open; `file` is that
     * open file, or NULL where the kernel does not say which. NULL: 0. */
    uint64_t (*size)(const struct tree *tree, const struct node *node,
        const struct open_file *file, pid_t tid);
    /* Truncates the file by its path, for the thread `tid`. 0 or -errno. NULL: EACCES. */
    int (*truncate)(struct tree *tree, struct node *node, pid_t tid, uint64_t len);
    /* Stores the text of the file task->node. NULL: such a file is not stored. */
    void (*store)(struct task *task, const struct payload *payload);
    /* Removes the file `node` from the directory task->node. NULL: EPERM. */
    void (*remove)(struct task *task, struct node *node);
    /* Renames the file `node`, with the flags of renameat2(2). NULL: EPERM. */
    void (*rename)(struct task *task, struct node *node, struct node *new_dir,
        const char *new_name, unsigned flags);
    /* Where a link points. 0 or -errno. NULL: EINVAL. */
    int (*target)(const struct node *node, struct buffer *ret);
    /* NULL: the file has no attributes. */
    const struct file_attribute *attributes;

    /* What a node holds besides its children. NULL: nothing. */

    /* The node is about to be freed: gives back what the node owns. */
    void (*release)(struct node *node);
    /* Nobody uses the directory any more: gives back what is held only while somebody does. */
    void (*idle)(struct nodes *nodes, struct node *dir);
    /* The directory of the file has gone, and the file is nowhere but here. */
    void (*orphan)(struct nodes *nodes, struct node *node);
};

#endif
