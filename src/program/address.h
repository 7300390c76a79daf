/*
 * Where the mount's API is: SOURCE as sshfs has it, and the URL that follows from it, or from
 * api_url. Contract §1.1, §1.5.
 */
#ifndef GHSECRETFS_ADDRESS_H
#define GHSECRETFS_ADDRESS_H

#include "program/config.h"

/* Sets host and path from SOURCE, which is NULL without one. 0; or -errno, when what
 * is wrong was reported. */
int address_parse_source(struct config *config, const char *text) WARN_UNUSED;

/* Sets what api_url and host together decide: api_url, api_host, api_loopback, token_host,
 * source. 0; or -errno, when what is wrong was reported. */
int address_set_api(struct config *config) WARN_UNUSED;

#endif
