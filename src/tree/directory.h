/*
 * What a directory holds: its children by name, without regard to case, and how a fresh
 * listing changes them. Sends nothing; listing.h does that.
 */
#ifndef GHSECRETFS_DIRECTORY_H
#define GHSECRETFS_DIRECTORY_H

#include "github/list.h"
#include "tree/failures.h"
#include "tree/node.h"

struct listing;
struct tombstone;

struct directory {
    struct node *children;  /* by name */
    struct tombstone *dead; /* what was deleted here, while listings may lag behind */
    unsigned secrets;       /* children that are secrets and NODE_HERE: all of them */
    unsigned staging_files;
    unsigned empties; /* names made empty */

    bool held;      /* there is a listing, if perhaps an old one */
    bool overruled; /* it is not what the server said: the same answer may mean another one */
    uint64_t fresh_until_ms;
    struct etags etags;
    struct listing *listing; /* what is being asked for; owned. See listing.h. */

    struct failed_write { /* the last one here */
        uint64_t ino;
        pid_t process;
        int err;
        uint64_t until_ms;
    } failed_write;

    /* The last refusal to write here for want of permission, and the token it was with. */
    struct failure refusal;
    uint64_t refused_until_ms;
    unsigned refused_generation;
};

/* The directory of a node, made on first use; NULL without memory. */
struct directory *directory_of(struct node *node);
void directory_free(struct directory *dir);

/* The child of that name (not encoded), or NULL. */
struct node *directory_find(const struct node *dir, const char *name);
/* The same, if the API has it as far as is known: neither pending nor a file that is here
 * alone. */
struct node *directory_find_here(const struct node *dir, const char *name);
/* Adds a new child under its name, which no other child has. 0 or -ENOMEM. */
int directory_add(struct node *dir, struct node *child) WARN_UNUSED;
/* It will be taken out: it no longer counts as a secret that is here. */
void directory_uncount(struct node *child);
/* Takes it out, if it is in. */
void directory_remove(struct node *dir, struct node *child);

/* Children in the order in which they were added: the first, and the one after. */
struct node *directory_first(const struct node *dir);
struct node *directory_next(const struct node *child);

/* Is nothing in it in use, so that it could be forgotten? */
bool directory_is_idle(const struct node *dir);
/* Drops all children and the listing. Only when it is idle. */
void directory_forget_children(struct nodes *nodes, struct node *dir);

/* Makes what it holds what the rows say; but what was written or deleted here a moment ago, or
 * is open, counts more: see `overruled`. Names that cannot be shown are left out, with a line
 * in `failures`. */
int directory_merge(struct nodes *nodes, struct node *dir, const struct rows *rows,
    struct failures *failures) WARN_UNUSED;

/* One row that was asked for alone: the child, with a reference for the caller, or NULL
 * without memory or when it was deleted here since. */
struct node *directory_merge_one(
    struct nodes *nodes, struct node *dir, const struct row *row, uint64_t fresh_until_ms);

/* A child was stored at `date`, or deleted, by this mount. */
void directory_note_stored(struct node *child, int64_t date);
void directory_note_deleted(struct nodes *nodes, struct node *child);
/* The answer to a PUT of it was lost: whether that was stored only the server knows. */
void directory_note_doubt(struct node *child);

/* A process could not open a child for writing, or store what it wrote. */
void directory_note_failed_write(struct node *child, pid_t process, int err);
/* The error, if that was a moment ago; else 0. */
int directory_failed_write(const struct node *child, pid_t process);

/* A child's DELETE is held: it is not to be seen. And it failed, or was dropped: it is. */
void directory_hide(struct node *child);
void directory_come_back(struct node *child);
/* A new node in the place of one whose DELETE was held: what it stores replaces that. */
struct node *directory_replace(struct nodes *nodes, struct node *held);

/* Takes a child out for good: its name is free, its number is not used again. */
void directory_child_gone(struct nodes *nodes, struct node *child);

#endif
