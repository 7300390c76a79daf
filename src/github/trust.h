/*
 * Why the server was not trusted, or why no TLS connection was made, in words that tell a
 * person what to do.
 */
#ifndef GHSECRETFS_TRUST_H
#define GHSECRETFS_TRUST_H

#include <curl/curl.h>

/* What went wrong in a transfer that ended with `code`; `words` is libcurl's message. NULL: not
 * a matter of certificates or TLS, or `words` say as much as is known. The result is static. */
const char *trust_problem(CURL *easy, CURLcode code, const char *words);

#endif
