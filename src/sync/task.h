/*
 * One thing that a caller asked for, until it is answered: what it is on, what it waits for,
 * whom to tell. Embedded in whoever asks.
 *
 * Every operation of the tree that may wait takes a task that was made ready with
 * task_init(), and calls task->done exactly once, perhaps before it returns, unless
 * task_cancel() comes first.
 */
#ifndef GHSECRETFS_TASK_H
#define GHSECRETFS_TASK_H

#include "base/cleanup.h"
#include "base/wait.h"
#include "github/call.h"
#include "nodes/name.h"
#include "nodes/node.h"
#include "nodes/value.h"

struct tree;
struct handle;
struct control;

/* What is to be stored under a name; borrowed. */
struct payload {
    const struct value *value; /* as it is when it is sealed; or NULL, and these bytes: */
    const unsigned char *data;
    size_t len;
};

struct task {
    struct tree *tree;
    void (*done)(struct task *task, int err); /* 0 or -errno */
    pid_t tid;                                /* the thread that asks, or 0 */
    uid_t uid;                                /* its user */
    const char *operation;  /* for `errors`; NULL for a lookup, whose ENOENT is no news */
    bool quiet;             /* whoever asks tells of the failure; `errors` gets no line */
    int notice_fd;          /* where a failure is told as well, or -1: see notice.h */
    struct failure failure; /* more of why, when err is not 0 */

    struct node *node;       /* what it is on; referenced */
    char name[NAME_SIZE];    /* in the directory `node`, not encoded; or "" */
    struct node *result;     /* the node that was found; valid while done() runs */
    struct control *control; /* of operations on an open control file; likewise */
    struct handle *handle;   /* of operations on a file open for writing; likewise */
    int flags;               /* O_*: of opens and creates */
    bool as_mkstemp;         /* of a create: with flags and mode as mkstemp(3) gives them */

    /* Inside. */
    uint64_t deadline_ms;
    struct wait wait, key_wait;
    struct call *call;
    bool has_turn; /* of `node` */
    struct list *list;
    struct cleanup *cleanups; /* what the operation holds: given back when the task ends */
    struct {
        struct cleanup cleanup;
        struct node *node; /* whose held DELETE is off, since it is created anew; referenced */
    } taken;
    /* The file that is being stored; borrowed. NULL: none is, or something is removed. */
    struct node *written;
    struct payload payload;          /* of an upload */
    size_t sent_len;                 /* bytes of it, with a line end that is not sent */
    bool is_store;                   /* the payload is stored without an open file */
    bool is_writer;                  /* counted in node->writers */
    struct node *staged;             /* staging file that the payload is from; referenced */
    enum visibility visibility;      /* that was written */
    enum visibility sent_visibility; /* with the PUT */
    unsigned sent_generation;        /* of the policy that was held */
    uint64_t policy_seen_ms;         /* when the server said who may use the secret */
    bool is_paid;                    /* the PUT is made anew: see request.h */
    bool is_upload;                  /* counted in tree->uploads */
};

/* `node` is referenced until the task ends; it may be NULL. */
void task_init(struct task *task, struct tree *tree, struct node *node, const char *operation,
    void (*done)(struct task *task, int err));

/* github_now_ms()'s time; at first, the mount's `timeout` from now. */
void task_set_deadline(struct task *task, uint64_t deadline_ms);
/* From here on it is on another node, and not on a name in it. */
void task_move_to(struct task *task, struct node *node);
/* The end of the program waits for it. */
void task_counts_as_upload(struct task *task);

/* Ends it well. */
void task_finish(struct task *task);
/* Ends it with a failure, which goes to `errors`; but a name that is not there does not, when
 * it was only looked up. */
void task_fail(struct task *task, const struct failure *why);
/* The same for one that needs no answer of a server. */
void task_fail_errno(struct task *task, int err, const char *message);

/* Ends it because the caller has gone, or wants no answer, or the program ends: as
 * task_cancel(), but an upload that is dropped so is told of in `errors`. */
void task_abandon(struct task *task, int err, const char *why);

/* Ends it without a word. Requests under way are dropped. */
void task_cancel(struct task *task);

#endif
