/*
 * The places of the tree as one table. A place is a row (struct kind), which names the rows of
 * its children. A new place is a new row, and no operation changes.
 */
#ifndef GHSECRETFS_PLACES_H
#define GHSECRETFS_PLACES_H

#include "nodes/kind.h"

extern const struct kind place_root;    /* the root of the whole tree */
extern const struct kind place_reports; /* .ghsecretfs */

#endif
