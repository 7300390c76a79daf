/*
 * Extended attributes: what the API tells of a file beside its times.
 */
#ifndef GHSECRETFS_ATTRIBUTES_H
#define GHSECRETFS_ATTRIBUTES_H

#include "nodes/file_type.h"

/* As file_type.attributes. */
extern const struct file_attribute secret_attributes[];

#endif
