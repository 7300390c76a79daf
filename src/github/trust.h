/*
 * Why a server was not trusted, in words that tell a person what to do.
 */
#ifndef GHSECRETFS_TRUST_H
#define GHSECRETFS_TRUST_H

#include <curl/curl.h>

/* For a transfer that failed with one of libcurl's codes of certificates: what is wrong; NULL
 * where libcurl's own words say as much as is known. */
const char *trust_problem(CURL *easy, CURLcode code);

#endif
