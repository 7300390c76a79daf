/*
 * Staging files: files that a tool writes under a temporary name, and then renames to the name
 * that the tool means. A staging file is in locked memory, is never sent under its own name,
 * and cannot be read; renaming a staging file onto a secret's name uploads its bytes.
 * Contract §3.29, §3.30.
 */
#ifndef GHSECRETFS_STAGING_H
#define GHSECRETFS_STAGING_H

#include "base/loop.h"
#include "nodes/node.h"
#include "nodes/value.h"

struct tree;

/* Contract §3.29. */
#define STAGING_FILES_MAX 64

struct staged {
    struct tree *tree;
    struct node *node;
    struct value value;
    bool published;          /* the file was renamed onto a secret's name, and stored */
    struct loop_timer timer; /* fires when the file is left behind: a line in `errors` */
    int notice_fd;           /* to the standard error of who is told as well, or -1 */
};

/* Makes an empty staging file in `dir`, which keeps the file until staging_remove(). `*ret` is
 * borrowed. 0; -ENOSPC if `dir` has STAGING_FILES_MAX staging files; -ENOMEM. */
int staging_create(
    struct tree *tree, struct node *dir, const char *name, struct node **ret) WARN_UNUSED;

/* Takes the file out of its directory. Its bytes are wiped once no writer has the file open. */
void staging_remove(struct nodes *nodes, struct node *node);

/* A writer closed the file. Wipes the bytes of a file that was removed and that no writer has
 * open: the kernel may keep the node for long. A file whose name could be a secret's is told of
 * a moment after its last close. For that, and when the program `ends`, `*notice_fd` is taken
 * over, and becomes -1, so that the writer is told as well. */
void staging_writer_left(struct node *node, int *notice_fd, bool ends);

/* The bytes were stored under a secret's name. Wipes and removes the file; a writer that still
 * has the file open can write no more (ESTALE), since those bytes would be lost. */
void staging_publish(struct nodes *nodes, struct node *node);

/* Gives the file another name, perhaps in another directory of secrets, in the place of the
 * staging file `old`, or of none if `old` is NULL. 0. -ENOSPC or -ENOMEM: both files are as
 * they were, unless there is no memory to put back the old name: then the file is removed, with
 * a line in `errors`. */
int staging_move(struct nodes *nodes, struct node *node, struct node *dir, const char *name,
    struct node *old) WARN_UNUSED;

/* The file_type.release of staging files: wipes the bytes. */
void staging_release(struct node *node);
/* The file_type.orphan of staging files: removes the file, with a line in `errors`. */
void staging_orphan(struct nodes *nodes, struct node *node);
/* The file_type.lost of staging files. */
void staging_lost(struct tree *tree, struct node *node);

#endif
