/*
 * The sorts of files, each a table of functions (nodes/file_type.h).
 */
#ifndef GHSECRETFS_FILE_TYPES_H
#define GHSECRETFS_FILE_TYPES_H

#include "nodes/file_type.h"

/* Directories: with fixed children; with children that the API lists; `access`; access/NAME. */
extern const struct file_type fixed_directory, listed_directory, access_directory,
    policy_directory;

/* Files in a directory of secrets: a secret, a staging file and `.env`. */
extern const struct file_type secret_file, staging_file, bulk_file;

/* Files in access/NAME. */
extern const struct file_type visibility_file, repositories_file;

/* Files in `.ghsecretfs`. */
extern const struct file_type report_file;

/* A link in organization-secrets. */
extern const struct file_type secret_link;

#endif
