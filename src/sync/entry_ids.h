/*
 * Finding the numbers of the repositories that a `repositories` file names: people write names,
 * but the API wants numbers.
 */
#ifndef GHSECRETFS_ENTRY_IDS_H
#define GHSECRETFS_ENTRY_IDS_H

#include "github/rows.h"
#include "nodes/repository_ids.h"
#include "sync/selection.h"

/* Sets the number of the entry, and replaces entry->name by a copy of `name`, OWNER/REPO as
 * GitHub spells it. 0; -ENOMEM: the entry is as it was. */
int entry_know(struct entry *entry, const char *name, int64_t id) WARN_UNUSED;

/* Sets the numbers that `ids` remembers. Returns how many entries still have no number; if
 * there are any, `*ret_first` is the first of these entries, borrowed. */
size_t entries_recall(
    struct entries *entries, const struct repository_ids *ids, const struct entry **ret_first);

/* Looks up the entries that were written as numbers in a listing of repositories, and sets the
 * number and name of each that is found. 0 or -ENOMEM. */
int entries_find_listed(struct entries *entries, const struct rows *rows) WARN_UNUSED;

/* Of several entries with the same number keeps the last: of "+web" and then "-web" keeps
 * "-web". Every entry must have its number. 0 or -ENOMEM. */
int entries_keep_last(struct entries *entries) WARN_UNUSED;

/* The numbers of the entries whose sign is `sign` (0: of those without a sign), sorted. The
 * caller frees the array with free(). NULL without memory. */
int64_t *entries_ids(const struct entries *entries, char sign, size_t *ret_count) WARN_UNUSED;

#endif
