/*
 * Names made empty. `touch N`, `: > N` and `install -m 600 /dev/null N` send nothing. But
 * programs make a file, then set its mode, and only then write to the file: so an empty file
 * of the name is found for a minute. Contract §3.13.
 *
 * A name made empty is a node that is NODE_PENDING and has no writer.
 */
#ifndef GHSECRETFS_EMPTY_H
#define GHSECRETFS_EMPTY_H

#include "nodes/node.h"

struct tree;
struct empty;

/*
 * One of node->writers has closed the entry `node`. If no writer is left and the entry was
 * never stored, the entry
 * - is gone, if its upload failed or memory is short;
 * - is in doubt (node_is_in_doubt()), if the answer to its PUT was lost;
 * - is a name made empty for a minute, if nothing was written. A directory has at most as many
 *   such names as entries are allowed in it: the oldest of them is gone.
 * An entry that was to replace a stored one stands for the stored one again.
 */
void empty_writer_left(struct tree *tree, struct node *node);

/* Ends the minute of a name made empty; does nothing for any other node. Gives back a
 * reference, which may free the node. */
void empty_forget(struct node *node);

/* Forgets all names made empty, when the mount ends. */
void empty_forget_all(struct tree *tree);

#endif
