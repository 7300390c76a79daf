#include "sync/entry_ids.h"

#include <errno.h>

static int compare_ids(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int entry_know(struct entry *entry, const char *name, int64_t id)
{
    char *copy = strdup(name);
    if (!copy)
        return -ENOMEM;
    free(entry->name);
    entry->name = copy;
    entry->id = id;
    return 0;
}

size_t entries_recall(
    struct entries *entries, const struct repository_ids *ids, const struct entry **ret_first)
{
    size_t unknown = 0;
    for (size_t i = entries->count; i-- > 0;) {
        struct entry *entry = &entries->entry[i];
        const char *spelled;
        int64_t id = entry->id < 0 ? repository_ids_find(ids, entry->name, &spelled) : -1;
        if (entry->id >= 0 || (id >= 0 && entry_know(entry, spelled, id) == 0))
            continue;
        unknown++;
        *ret_first = entry;
    }
    return unknown;
}

static int compare_rows(const void *a, const void *b)
{
    const struct row *const *x = a, *const *y = b;
    return compare_ids(&(*x)->id, &(*y)->id);
}

int entries_find_listed(struct entries *entries, const struct rows *rows)
{
    int err = 0;
    const struct row **by_id = calloc(rows->count + 1, sizeof(const struct row *));
    if (!by_id)
        return -ENOMEM;
    for (size_t i = 0; i < rows->count; i++)
        by_id[i] = &rows->row[i];
    qsort(by_id, rows->count, sizeof(const struct row *), compare_rows);
    for (size_t i = 0; !err && i < entries->count; i++) {
        struct entry *entry = &entries->entry[i];
        uint64_t number;
        if (entry->id >= 0 || !text_to_u64(entry->name, INT64_MAX, &number))
            continue;
        const struct row wanted = {.id = (int64_t)number}, *key = &wanted;
        const struct row **found =
            bsearch(&key, by_id, rows->count, sizeof(const struct row *), compare_rows);
        if (found)
            err = entry_know(entry, (*found)->name, (*found)->id);
    }
    free(by_id);
    return err;
}

/* Sorts by number, and entries of one number by their place in the list. */
static int compare_entries(const void *a, const void *b)
{
    const struct entry *const *x = a, *const *y = b;
    int order = compare_ids(&(*x)->id, &(*y)->id);
    return order != 0 ? order : *x < *y ? -1 : 1;
}

int entries_keep_last(struct entries *entries)
{
    size_t kept = 0;
    struct entry **sorted = calloc(entries->count + 1, sizeof(struct entry *));
    if (!sorted)
        return -ENOMEM;
    for (size_t i = 0; i < entries->count; i++)
        sorted[i] = &entries->entry[i];
    qsort(sorted, entries->count, sizeof(struct entry *), compare_entries);
    for (size_t i = 1; i < entries->count; i++) {
        if (sorted[i - 1]->id == sorted[i]->id) {
            free(sorted[i - 1]->name);
            sorted[i - 1]->name = NULL;
        }
    }
    free(sorted);
    for (size_t i = 0; i < entries->count; i++)
        if (entries->entry[i].name)
            entries->entry[kept++] = entries->entry[i];
    entries->count = kept;
    return 0;
}

int64_t *entries_ids(const struct entries *entries, char sign, size_t *ret_count)
{
    int64_t *ids = calloc(entries->count + 1, sizeof *ids);
    size_t count = 0;
    for (size_t i = 0; ids && i < entries->count; i++)
        if (entries->entry[i].sign == sign)
            ids[count++] = entries->entry[i].id;
    if (ids)
        qsort(ids, count, sizeof *ids, compare_ids);
    *ret_count = count;
    return ids;
}
