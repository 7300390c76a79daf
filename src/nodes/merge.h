/*
 * How a fresh listing changes what a directory holds. Sends nothing.
 */
#ifndef GHSECRETFS_MERGE_H
#define GHSECRETFS_MERGE_H

#include "github/rows.h"
#include "nodes/failures.h"
#include "nodes/node.h"

/* Makes the children of `dir` those of `rows`, a whole listing. A child that was written or
 * deleted through this mount a moment ago, or is open for writing, counts more than its row,
 * and sets directory.overruled. A row whose name cannot be a file's, or is another row's in
 * other case, is left out, with a line in `failures`. 0, or -ENOMEM with no child dropped. */
int merge_listing(struct nodes *nodes, struct node *dir, const struct rows *rows,
    struct failures *failures) WARN_UNUSED;

/* Takes one row, from a request for one name, into `dir`, and believes the child to exist until
 * `fresh_until_ms` of loop_now_ms(). The child, with a reference for the caller; NULL without
 * memory, if this mount deleted the child since, and if its DELETE is held or a staging file
 * has its name. */
struct node *merge_one(
    struct nodes *nodes, struct node *dir, const struct row *row, uint64_t fresh_until_ms);

#endif
