/*
 * The files under `.ghsecretfs`: what a reader of each gets.
 */
#ifndef GHSECRETFS_REPORT_H
#define GHSECRETFS_REPORT_H

#include "base/buffer.h"

struct tree;

/* Longest report: FAILURES_KEPT lines of a failure each. */
#define REPORT_MAX (1u << 20)

/* 0 or -errno. */
int report_errors(struct tree *tree, struct buffer *ret) WARN_UNUSED;
int report_status(struct tree *tree, struct buffer *ret) WARN_UNUSED;

#endif
