/*
 * The stores, each a row (nodes/store.h).
 */
#ifndef GHSECRETFS_STORES_H
#define GHSECRETFS_STORES_H

#include "nodes/store.h"

/* secrets_store: of a repository and of an environment. */
extern const struct store secrets_store, organization_secrets_store;

#endif
