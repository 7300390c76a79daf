/*
 * What there is in the tree, as one table: a place is a row, and names the kinds of what is in
 * it. Adding a place is a row more, not an edit in every operation.
 */
#ifndef GHSECRETFS_PLACES_H
#define GHSECRETFS_PLACES_H

#include "nodes/kind.h"

extern const struct kind place_root;    /* of the whole tree */
extern const struct kind place_reports; /* .ghsecretfs */

#endif
