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

/* The number of OWNER/REPO in any letters, or -1 when it is not known, or was not confirmed
 * lately: a name can become another repository's. `ret_spelled` is the name as GitHub spells
 * it, borrowed until the next repository_ids_add(); unset with -1. */
int64_t repository_ids_find(
    const struct repository_ids *ids, const char *name, const char **ret_spelled);
/* Remembers what GitHub calls it, or forgets it for want of memory. */
void repository_ids_add(struct repository_ids *ids, const char *name, int64_t id);
void repository_ids_release(struct repository_ids *ids);

#endif
