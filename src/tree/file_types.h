/*
 * The sorts of files that there are. Each is a table of functions, see nodes/file_type.h.
 */
#ifndef GHSECRETFS_FILE_TYPES_H
#define GHSECRETFS_FILE_TYPES_H

#include "nodes/file_type.h"

/* Directories: of what is always there; of what the API lists; `access`; access/NAME. */
extern const struct file_type fixed_directory, listed_directory, access_directory,
    policy_directory;

/* Files beside each other in a directory of secrets: a secret, a file on its way to be one, and
 * `.env`. */
extern const struct file_type secret_file, staging_file, bulk_file;

/* Files in access/NAME. */
extern const struct file_type visibility_file, repositories_file;

/* Files in `.ghsecretfs`. */
extern const struct file_type report_file;

/* A link in organization-secrets. */
extern const struct file_type secret_link;

#endif
