/*
 * Why a server was not trusted, or spoke no TLS that we do, in words that tell a person what to
 * do.
 */
#ifndef GHSECRETFS_TRUST_H
#define GHSECRETFS_TRUST_H

#include <curl/curl.h>

/* For a transfer that failed with one of libcurl's codes of certificates or of TLS: what is
 * wrong; NULL where libcurl's own `words` say as much as is known. */
const char *trust_problem(CURL *easy, CURLcode code, const char *words);

#endif
