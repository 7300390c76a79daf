/*
 * Opening a file of a directory of secrets for writing. All that the API must be asked before a
 * value can be sent is asked here, so that a refusal is the error of open, which every program
 * reports (contract §3.6).
 */
#ifndef GHSECRETFS_OPENING_H
#define GHSECRETFS_OPENING_H

#include "sync/upload.h"
#include "tree/open_file.h"

/*
 * An open, a create, or a store, which is a create, a write and a close in one. For an open the
 * task is on the file; for a create and a store the task is on the directory, and task->name
 * may be new there.
 */
struct opening {
    struct cleanup cleanup; /* of the task */
    struct task *task;
    struct node *secrets;                   /* the directory of the file */
    int flags;                              /* O_* */
    struct open_file **ret;                 /* for the open file; NULL: a store */
    void (*ready)(struct opening *opening); /* opens or stores, once the API has answered */
    struct wait listing, key;               /* both are asked for at the same time */
    struct wait removal;                    /* for the end of a DELETE of the name */
    struct node *removed; /* the node of which a DELETE is awaited; referenced; or NULL */

    /* Of a create and a store alone. */
    bool as_mkstemp;        /* created with the flags and the mode of mkstemp(3) */
    struct payload payload; /* of a store; payload.staged is referenced */
    struct node *taken;  /* the node whose held DELETE this opening has called off; referenced;
                          * or NULL */
    struct node *writer; /* the node in whose `writers` a store is counted; or NULL */
};

/* Makes an opening, which the task owns. NULL without memory: the task has ended then. */
struct opening *opening_new(struct task *task, struct node *secrets, int flags,
    struct open_file **ret, void (*ready)(struct opening *opening));

/* Asks for the key of the directory and, with `need_listing`, for its listing, both at the same
 * time. A name that may be new needs the listing. Then calls ready(), or ends the task with the
 * error. */
void opening_preflight(struct opening *opening, bool need_listing);

/* Is the secret about to be deleted? Then ready() is called again once the DELETE has ended:
 * what is written to a file that goes would be lost. */
bool opening_awaits_removal(struct opening *opening, struct node *node);

/* Opens the file `node`, and ends the task. */
void opening_finish(struct opening *opening, struct node *node);

/* Do the O_* of `flags` allow reading? */
bool flags_want_reading(int flags);
/* Ends the task with -EACCES: the value of a `noun` cannot be read. */
void fail_unreadable(struct task *task, const char *noun);

/* Has the directory as many entries as GitHub allows? */
bool store_is_full(const struct node *secrets);
/* Ends the task with -EDQUOT. */
void fail_full(struct task *task, const struct node *secrets);

/* True when the caller can be looked at in /proc. A caller in another pid namespace cannot be,
 * so nobody could tell when its writing is done: the task has ended with -EACCES (contract
 * §3.6). */
bool check_writer(struct task *task);

#endif
