/*
 * A sort of file: what can be done with a node of the sort, as a table of functions. The tables
 * themselves are in tree/file_types.c; what differs from place to place is in kind.h.
 *
 * Each function that is given a task ends the task. A slot that is NULL stands for the answer
 * that the slot's comment names.
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

/* An extended attribute. write() gives its text; "" means that the node has none. */
#define FILE_ATTRIBUTE_SIZE 24
struct file_attribute {
    const char *name; /* NULL ends the list */
    void (*write)(const struct node *node, char out[static FILE_ATTRIBUTE_SIZE]);
};

struct file_type {
    mode_t format; /* S_IFDIR, S_IFREG or S_IFLNK */
    enum node_member member;
    /* The kernel may not cache a lookup of the file: whether the file exists depends on what
     * was written a moment ago, or a rename gives its name to another file. */
    bool is_fleeting;

    /* Directories */

    /* Sets task->result to what the directory task->node has under task->name, which is
     * decoded. NULL: ENOENT. */
    void (*lookup)(struct task *task);
    /* Makes the nodes of all children that readdir shows. NULL: only the fixed children of
     * the kind are shown. */
    void (*list)(struct task *task);
    /* Makes the directory task->name, a name as mkdir got it, not decoded, and sets
     * task->result. NULL: EPERM. */
    void (*make)(struct task *task);
    /* Removes the directory task->name, a decoded name. NULL: EPERM. */
    void (*remove_directory)(struct task *task);

    /* Files */

    /* Opens task->node with the O_* in `flags`, and sets `*ret`. NULL: EACCES. */
    void (*open)(struct task *task, int flags, struct open_file **ret);
    /* What an open file of the sort can do; NULL if `open` is NULL. */
    const struct open_type *opened;
    /* The length in bytes that the thread `tid` is told. `file` is the open file that fstat
     * was called on, or NULL where the kernel does not say which. NULL: 0 bytes. */
    uint64_t (*size)(const struct tree *tree, const struct node *node,
        const struct open_file *file, pid_t tid);
    /* Truncates the file by its path, for the thread `tid`. 0 or -errno. NULL: EACCES. */
    int (*truncate)(struct tree *tree, struct node *node, pid_t tid, uint64_t len);
    /* Stores the payload as the text of the file task->node. NULL: never called, since no text
     * is stored under such a file. */
    void (*store)(struct task *task, const struct payload *payload);
    /* Removes the file `node` from the directory task->node. NULL: EPERM. */
    void (*remove)(struct task *task, struct node *node);
    /* Renames the file `node`, with the flags of renameat2(2). NULL: EPERM. */
    void (*rename)(struct task *task, struct node *node, struct node *new_dir,
        const char *new_name, unsigned flags);
    /* Adds the target of the link `node` to `ret`. 0 or -errno. NULL: EINVAL. */
    int (*target)(const struct node *node, struct buffer *ret);
    /* The extended attributes of the file. NULL: the file has none. */
    const struct file_attribute *attributes;

    /* What a node holds besides its children. NULL: the node holds nothing. */

    /* The node is about to be freed: gives back what the node owns. */
    void (*release)(struct node *node);
    /* Nobody uses the directory any more: gives back what the directory needs only in use. */
    void (*idle)(struct nodes *nodes, struct node *dir);
    /* The directory of the file is gone, and the server has no such file: gives up what is in
     * the file, with a line in `errors`. */
    void (*orphan)(struct nodes *nodes, struct node *node);
    /* The program ends: a line in `errors` on what is nowhere but here, and goes with it. */
    void (*lost)(struct tree *tree, struct node *node);
};

#endif
