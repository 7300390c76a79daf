/*
 * How a fresh listing changes what a directory holds. Sends nothing.
 */
#ifndef GHSECRETFS_MERGE_H
#define GHSECRETFS_MERGE_H

#include "github/rows.h"
#include "nodes/failures.h"
#include "nodes/node.h"

/* Makes what it holds what the rows say; but what was written or deleted here a moment ago, or
 * is open, counts more: see `overruled`. Names that cannot be shown are left out, with a line
 * in `failures`. */
int merge_listing(struct nodes *nodes, struct node *dir, const struct rows *rows,
    struct failures *failures) WARN_UNUSED;

/* One row that was asked for alone: the child, with a reference for the caller, or NULL
 * without memory or when it was deleted here since. */
struct node *merge_one(
    struct nodes *nodes, struct node *dir, const struct row *row, uint64_t fresh_until_ms);

#endif
