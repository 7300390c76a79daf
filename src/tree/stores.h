/*
 * The stores that there are, each a row: see nodes/store.h.
 */
#ifndef GHSECRETFS_STORES_H
#define GHSECRETFS_STORES_H

#include "nodes/store.h"

/* Of a repository and of an environment; and of an organization. */
extern const struct store secrets_store, organization_secrets_store;

#endif
