/*
 * Is a flush the last one of an open file, and has its writer ended well? Contract §3.14,
 * §3.15. The same for every sort of file whose text is published when it is let go of.
 */
#ifndef GHSECRETFS_LAST_FLUSH_H
#define GHSECRETFS_LAST_FLUSH_H

#include "sync/task.h"
#include "tree/holders.h"
#include "tree/writers.h"

/* What a sort of file does about it. All but `beside` are given a task and end it, or see to it
 * that it ends. */
struct flush_actions {
    /* Tells `holders` of the other open files of the same inode: holders_beside() for each. */
    int (*beside)(struct task *task, struct holders *holders);
    /* Is there anything that was not sent? False: the task has ended. */
    bool (*has_unsent)(struct task *task);
    /* Nobody has the file any more, and who wrote it has not failed. */
    void (*send)(struct task *task);
    /* Who wrote it has failed: `why`. */
    void (*drop)(struct task *task, const struct failure *why);
    /* It cannot be told whether what was written is whole, or there is no memory to look:
     * -errno. */
    void (*blind)(struct task *task, int err);
};

/* The task flushes the open file of that inode number, with these writers: is it the last
 * flush? When it is not, the task ends well. */
void last_flush_look(
    struct task *task, uint64_t ino, struct writers *writers, const struct flush_actions *type);

/* The file is let go of for certain: only its writers are looked at. */
void last_flush_certain(
    struct task *task, const struct writers *writers, const struct flush_actions *type);

#endif
