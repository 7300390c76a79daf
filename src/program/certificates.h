/*
 * Whether the files and directories of certificates can be used, checked before the mount.
 */
#ifndef GHSECRETFS_CERTIFICATES_H
#define GHSECRETFS_CERTIFICATES_H

#include "base/text.h"

/* Is a certificate in PEM in the file at `path`? 0; or -errno, when what is wrong was reported
 * as a fault of `name`, an option or a variable. Whether the certificate can be decoded is for
 * libcurl to find. */
int certificates_check(const char *name, const char *path) WARN_UNUSED;

/* Does one of the directories in `list`, with colons between, exist? 0; or -errno, when what is
 * wrong was reported as a fault of `name`. OpenSSL reads a directory only when a certificate is
 * needed, and does not say that a directory is missing. */
int certificates_check_directories(const char *name, const char *list) WARN_UNUSED;

#endif
