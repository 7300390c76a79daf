/*
 * A file of a directory of secrets on its way to be open for writing: what is asked before
 * the value, so that what can be known before is open's error, which every program reports
 * (contract §3.6).
 */
#ifndef GHSECRETFS_OPENING_H
#define GHSECRETFS_OPENING_H

#include "sync/upload.h"
#include "tree/open_file.h"

/*
 * An open, a create, or a store, which is a create, a write and a close in one. The task is on
 * a file that is there, or on the directory, in which task->name may be a new file.
 */
struct opening {
    struct cleanup cleanup; /* of the task */
    struct task *task;
    struct node *secrets;                   /* the directory of secrets that the file is in */
    int flags;                              /* O_* */
    struct open_file **ret;                 /* what is opened; NULL: a store */
    void (*ready)(struct opening *opening); /* everything is known: opens, or stores */
    struct wait listing, key;               /* of the preflight: both are asked for together */

    /* Of a create and a store alone. */
    bool as_mkstemp;        /* made with flags and mode as mkstemp(3) gives them */
    struct payload payload; /* of a store; payload.staged is referenced */
    struct wait removal;    /* of the secret that had the name */
    struct node *taken;  /* the node whose held DELETE is off, since its name is created anew;
                          * referenced; or NULL */
    struct node *writer; /* the node that a store is counted in, as a writer; or NULL */
};

/* The task owns the opening from here on. NULL without memory, when the task has ended. */
struct opening *opening_new(struct task *task, struct node *secrets, int flags,
    struct open_file **ret, void (*ready)(struct opening *opening));

/* Asks for the key, and with `need_listing`, for a name that may be new, for the listing; both
 * at the same time. Then calls ready(), or ends the task with what is wrong. */
void opening_preflight(struct opening *opening, bool need_listing);

/* Opens the node, and ends the task. */
void opening_finish(struct opening *opening, struct node *node);

/* Would opening the file with these O_* allow to read it? */
bool flags_want_reading(int flags);
/* Ends the task: the value of a `noun` cannot be read. */
void fail_unreadable(struct task *task, const char *noun);

/* Has the directory as many entries as there may be? */
bool store_is_full(const struct node *secrets);
/* Ends the task: the directory is full. */
void fail_full(struct task *task, const struct node *secrets);

/* False when the writer is in another pid namespace, where it cannot be told when a writer is
 * done (contract §3.6): the task has ended. */
bool check_writer(struct task *task);

#endif
