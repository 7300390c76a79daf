/*
 * Staging files: what tools write under a temporary name and rename onto the one that they
 * mean. They are held in locked memory, never sent under their own name and never readable;
 * renaming one onto a secret's name uploads it. Contract §3.29, §3.30.
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
    bool published;          /* renamed onto a secret's name, and stored */
    struct loop_timer timer; /* tells of a file that was left behind */
};

/* Makes an empty one; its directory keeps it until it is removed. `*ret` is borrowed. 0,
 * -ENOSPC past STAGING_FILES_MAX, -ENOMEM. */
int staging_create(
    struct tree *tree, struct node *dir, const char *name, struct node **ret) WARN_UNUSED;

/* Takes it out of its directory. It is wiped when nobody has it open any more. */
void staging_remove(struct nodes *nodes, struct node *node);

/* Wipes what a removed one holds if nobody has it open: the kernel may know it for long. */
void staging_wipe_removed(struct node *node);

/* It was stored under another name: as staging_remove(), and who has it open still can't write
 * to it, which would be lost. */
void staging_publish(struct nodes *nodes, struct node *node);

/* Gives it another name, perhaps in another directory of secrets, in the place of `old`, which
 * may be NULL. 0, -ENOSPC, -ENOMEM: both files are then as they were; when there is not even
 * memory for the old name, the file is removed, with a line in `errors`. */
int staging_move(struct nodes *nodes, struct node *node, struct node *dir, const char *name,
    struct node *old) WARN_UNUSED;

/* As file_type.release: wipes. */
void staging_release(struct node *node);
/* As file_type.orphan: removes the file, with a line in `errors`. */
void staging_orphan(struct nodes *nodes, struct node *node);

#endif
