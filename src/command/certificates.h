/*
 * Whether a file can be what cacert= is for.
 */
#ifndef GHSECRETFS_CERTIFICATES_H
#define GHSECRETFS_CERTIFICATES_H

#include "base/text.h"

/* Is there a certificate in PEM in that file? 0; or -errno, when what is wrong was reported as
 * a fault of the option `name`. That the certificate can be decoded is libcurl's to find. */
int certificates_check(const char *name, const char *path) WARN_UNUSED;

#endif
