/*
 * Names made empty: after `touch N`, `: > N` or `install -m 600 /dev/null N` nothing is sent,
 * and an empty file of that name is found for a minute all the same, since programs make a
 * file, then set its mode, and then write to it. Contract §3.13.
 *
 * Such a name is a node that is NODE_PENDING without a writer.
 */
#ifndef GHSECRETFS_EMPTY_H
#define GHSECRETFS_EMPTY_H

#include "nodes/node.h"

struct tree;
struct empty;

/* A writer has let go of a node. What was never stored goes with its last writer when that has
 * failed, and is in doubt (node.h) when the answer was lost. When nothing was written it stays
 * for a minute, and of more than there could be secrets in its directory the oldest goes. */
void empty_writer_left(struct tree *tree, struct node *node);

/* The node has gone. Gives back a reference: the node may be freed by that. */
void empty_forget(struct node *node);

/* Forgets all: the end has come. */
void empty_forget_all(struct tree *tree);

#endif
