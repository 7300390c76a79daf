/*
 * Whether a file can be what cacert= is for.
 */
#ifndef GHSECRETFS_CERTIFICATES_H
#define GHSECRETFS_CERTIFICATES_H

#include "base/text.h"

/* Is there a certificate in PEM in that file? 0; or -errno, when what is wrong was reported as
 * a fault of the option `name`. That the certificate can be decoded is libcurl's to find. */
int certificates_check(const char *name, const char *path) WARN_UNUSED;

/* Is one of these directories, with colons between, there? Likewise. OpenSSL reads them as they
 * are needed, and says nothing of those that are not there. */
int certificates_check_directories(const char *name, const char *list) WARN_UNUSED;

#endif
