/*
 * Extended attributes of secrets. Contract §3.2.
 */
#ifndef GHSECRETFS_ATTRIBUTES_H
#define GHSECRETFS_ATTRIBUTES_H

#include "nodes/file_type.h"

/* file_type.attributes; a row without a name ends the list. */
extern const struct file_attribute secret_attributes[];

#endif
