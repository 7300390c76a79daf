/*
 * Where the mount's API is: SOURCE, which has the form of sshfs's, and the API's URL, which
 * follows from SOURCE or from api_url. Contract §1.1, §1.5.
 */
#ifndef GHSECRETFS_ADDRESS_H
#define GHSECRETFS_ADDRESS_H

#include "program/config.h"

/* Sets host and path from SOURCE. `text` is NULL when the command line has no SOURCE. 0; or
 * -errno, when what is wrong was reported. */
int address_parse_source(struct config *config, const char *text) WARN_UNUSED;

/* Sets the fields that api_url and host together decide: api_url, api_host, api_loopback,
 * token_host, token_is_enterprise and source. 0; or -errno, when what is wrong was reported. */
int address_set_api(struct config *config) WARN_UNUSED;

#endif
