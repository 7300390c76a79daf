/*
 * Who still has an open file of ours in hand: is a flush the last one? Contract §3.14.
 *
 * Looked at are the process that opened the file, those that wrote to it, the one that lets go
 * of it now, and its ancestors up to the opener. Their descriptors tell an inode number and no
 * more, so where a process may have other open files of the same inode number, it holds this
 * one for certain only if it has more of them than there are others.
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
    struct loop_timer timer; /* a process may have very many descriptors: some a turn */
    uint64_t ino;
    struct holder {
        pid_t tgid;
        unsigned others; /* open files of the same inode number that it may have as well */
        struct process_line line; /* asked for when there are others */
    } holder[HOLDERS_MAX];
    unsigned count, at;
    struct process_scan scan; /* of holder[at] */
    bool scanning;
    bool is_unsure; /* the opener of another one has gone, and somebody may have that */
    unsigned turns; /* that were waited for such a one to be let go of */
    bool too_many;  /* writers: somebody may hold the file who is not known */
    void (*done)(struct holders *holders, int err);
};

/* For a flush of a file with these writers by the thread `tid`. `holders` is zeroed before the
 * first look of the flush. 0, or -errno when processes cannot be looked at. */
int holders_init(struct holders *holders, struct loop *loop, uint64_t ino,
    const struct writers *writers, pid_t tid) WARN_UNUSED;

/* There is another open file of the inode number, with these writers. 0 or -errno. */
int holders_beside(struct holders *holders, const struct writers *others) WARN_UNUSED;

/*
 * Looks, and calls done(), perhaps before it returns: with 0 when nobody is seen to hold the
 * file any more, also where that is hidden; with -EBUSY when somebody does; with -EAGAIN when
 * that cannot be told yet, and everything is to be asked anew, which ends after some times;
 * with another -errno when processes cannot be looked at. done() may free the holders.
 */
void holders_look(struct holders *holders, void (*done)(struct holders *holders, int err));

/* done() will not be called. Also right for a zeroed struct, and after done(). */
void holders_cancel(struct holders *holders);

#endif
