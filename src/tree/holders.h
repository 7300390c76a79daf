/*
 * Which processes still hold an open file of this mount: is a flush the last one? Contract
 * §3.14.
 *
 * The processes that are looked at: the opener of the file, its writers, the process that
 * flushes now, and the ancestors of that process up to the opener. /proc tells the inode number
 * of a descriptor and not the open file, so a process that may have N other open files of the
 * same inode holds this file for certain only with more than N descriptors of the inode.
 */
#ifndef GHSECRETFS_HOLDERS_H
#define GHSECRETFS_HOLDERS_H

#include "base/loop.h"
#include "base/process.h"
#include "tree/writers.h"

/* The opener, the writers, the flusher and its ancestors. */
#define HOLDERS_MAX (1 + WRITERS_MAX + 1 + PROCESS_ANCESTORS_MAX)

struct holders {
    struct loop *loop;
    struct loop_timer timer; /* for the next turn: a process may have very many descriptors */
    uint64_t ino;
    struct holder {
        pid_t tgid;
        unsigned
            others; /* open files of the inode, beside this one, that the process may have */
        struct process_line line; /* empty until another open file of the inode is told of */
    } holder[HOLDERS_MAX];
    unsigned count;
    unsigned at;              /* the holder that is looked at */
    struct process_scan scan; /* of the descriptors of holder[at] */
    bool scanning;
    bool is_unsure; /* the opener of another open file of the inode has gone, and a process that
                     * is looked at may have inherited that open file */
    unsigned turns; /* looks that were put off because is_unsure was set */
    bool too_many;  /* the file had more writers than are known: one of the others may hold the
                       file */
    void (*done)(struct holders *holders, int err);
};

/* Begins a look, for a flush by the thread `tid` of an open file with these writers. Before the
 * first look of a flush the caller zeroes `holders`. 0, or -errno when /proc cannot be read. */
int holders_init(struct holders *holders, struct loop *loop, uint64_t ino,
    const struct writers *writers, pid_t tid) WARN_UNUSED;

/* Tells of another open file of the inode, which has the writers `others`. 0 or -errno. */
int holders_beside(struct holders *holders, const struct writers *others) WARN_UNUSED;

/* clang-format off */
/*
 * Looks, and calls done() once, perhaps before holders_look() returns. done() may free the
 * holders. The `err` of done():
 *   0        no process is seen to hold the file, which some processes may hide
 *   -EBUSY   a process holds the file, or a writer that is not known may hold the file
 *   -EAGAIN  unsure: begin again with holders_init(). At most 20 times a flush.
 *   another  -errno: /proc cannot be read
 */
/* clang-format on */
void holders_look(struct holders *holders, void (*done)(struct holders *holders, int err));

/* Ends the look without done(). Also right for a zeroed struct, and after done(). */
void holders_cancel(struct holders *holders);

#endif
