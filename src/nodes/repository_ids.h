/*
 * Numbers of repositories, remembered by name: the API wants numbers where people write names.
 */
#ifndef GHSECRETFS_REPOSITORY_IDS_H
#define GHSECRETFS_REPOSITORY_IDS_H

#include <stdint.h>

struct repository_id;

struct repository_ids {
    struct repository_id *by_name;
};

/* The number of the repository OWNER/REPO, whose name is in any case; -1 if its number was not
 * added within five minutes, since a name can become another repository's. `ret_spelled` is
 * the name as GitHub spells it, borrowed until the next repository_ids_add(); unset with -1. */
int64_t repository_ids_find(
    const struct repository_ids *ids, const char *name, const char **ret_spelled);
/* Remembers for five minutes that GitHub calls the repository `id` by `name`, OWNER/REPO. Does
 * nothing without memory. */
void repository_ids_add(struct repository_ids *ids, const char *name, int64_t id);
void repository_ids_release(struct repository_ids *ids);

#endif
