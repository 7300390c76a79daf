/*
 * The numbers of a list's repositories: where people write names, the API wants numbers.
 */
#ifndef GHSECRETFS_ENTRY_IDS_H
#define GHSECRETFS_ENTRY_IDS_H

#include "github/rows.h"
#include "nodes/repository_ids.h"
#include "sync/selection.h"

/* The entry has that number, and GitHub's spelling of its name. 0 or -ENOMEM. */
int entry_know(struct entry *entry, const char *name, int64_t id) WARN_UNUSED;

/* Takes the numbers that are remembered. How many entries are left, and the first of them. */
size_t entries_recall(
    struct entries *entries, const struct repository_ids *ids, const struct entry **ret_first);

/* Finds entries that were written as numbers in a listing of repositories. 0 or -ENOMEM. */
int entries_find_listed(struct entries *entries, const struct rows *rows) WARN_UNUSED;

/* Drops all but the last about each repository: "web", "acme/web" and its number are one, and
 * "+web" and then "-web" is "-web". All have numbers. 0 or -ENOMEM. */
int entries_keep_last(struct entries *entries) WARN_UNUSED;

/* The numbers of the entries with that sign, or 0 for none, sorted; the caller's to free().
 * NULL without memory. */
int64_t *entries_ids(const struct entries *entries, char sign, size_t *ret_count) WARN_UNUSED;

#endif
