#include "nodes/repository_ids.h"

#include <ctype.h>

#include "base/hash.h"
#include "base/loop.h"

/* Contract §4.8. */
#define ID_TTL_MS (5u * 60 * 1000)
/* Bytes of OWNER/REPO with a NUL: GitHub allows 39 and 100 characters. */
#define NAME_MAX_SIZE 192

struct repository_id {
    int64_t id;
    uint64_t until_ms;
    UT_hash_handle hh;
    char *spelled; /* the name as GitHub spells the name; in the same block, behind `name` */
    char name[];   /* in lower case */
};

static bool fold(const char *name, char out[static NAME_MAX_SIZE])
{
    if (!text_copy(out, NAME_MAX_SIZE, name))
        return false;
    for (char *c = out; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return true;
}

int64_t repository_ids_find(
    const struct repository_ids *ids, const char *name, const char **ret_spelled)
{
    char folded[NAME_MAX_SIZE];
    struct repository_id *found = NULL;
    if (fold(name, folded))
        HASH_FIND_STR(ids->by_name, folded, found);
    if (!found || loop_now_ms() >= found->until_ms)
        return -1;
    *ret_spelled = found->spelled;
    return found->id;
}

void repository_ids_add(struct repository_ids *ids, const char *name, int64_t id)
{
    char folded[NAME_MAX_SIZE];
    struct repository_id *entry = NULL;
    if (!fold(name, folded))
        return;
    HASH_FIND_STR(ids->by_name, folded, entry);
    if (!entry) {
        size_t size = strlen(folded) + 1;
        entry = calloc(1, sizeof *entry + 2 * size);
        if (!entry)
            return;
        memcpy(entry->name, folded, size);
        entry->spelled = entry->name + size;
        HASH_ADD_STR(ids->by_name, name, entry);
        if (!entry->hh.tbl) {
            free(entry);
            return;
        }
    }
    memcpy(entry->spelled, name, strlen(name));
    entry->id = id;
    entry->until_ms = loop_now_ms() + ID_TTL_MS;
}

void repository_ids_release(struct repository_ids *ids)
{
    struct repository_id *entry, *next;
    HASH_ITER(hh, ids->by_name, entry, next)
    {
        HASH_DEL(ids->by_name, entry);
        free(entry);
    }
}
