#include "sharing.h"

#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

static const char *const names[] = {
    [VISIBILITY_ALL] = "all",
    [VISIBILITY_PRIVATE] = "private",
    [VISIBILITY_SELECTED] = "selected",
};

const char *visibility_name(enum visibility visibility)
{
    return names[visibility];
}

bool visibility_parse(const char *name, enum visibility *ret)
{
    for (size_t i = VISIBILITY_ALL; i <= VISIBILITY_SELECTED; i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret = (enum visibility)i;
            return true;
        }
    }
    return false;
}

struct sharing sharing_copy(const struct sharing *sharing)
{
    struct sharing copy = {.visibility = sharing->visibility, .count = sharing->count};

    if (copy.count > 0) {
        copy.repository_ids = xcalloc(copy.count, sizeof(copy.repository_ids[0]));
        memcpy(copy.repository_ids, sharing->repository_ids,
            copy.count * sizeof(copy.repository_ids[0]));
    }
    return copy;
}

void sharing_release(struct sharing *sharing)
{
    free(sharing->repository_ids);
    *sharing = (struct sharing){0};
}

/* The place of the repository in the list, or its end. */
static size_t find(const struct sharing *sharing, int64_t repository_id)
{
    size_t i = 0;

    while (i < sharing->count && sharing->repository_ids[i] != repository_id)
        i++;
    return i;
}

bool sharing_has(const struct sharing *sharing, int64_t repository_id)
{
    return find(sharing, repository_id) < sharing->count;
}

bool sharing_selects_same(const struct sharing *sharing, const struct sharing *other)
{
    for (size_t i = 0; i < sharing->count; i++) {
        if (!sharing_has(other, sharing->repository_ids[i]))
            return false;
    }
    return sharing->count == other->count;
}

bool sharing_add(struct sharing *sharing, int64_t repository_id)
{
    if (sharing_has(sharing, repository_id))
        return false;
    sharing->repository_ids = xrealloc(
        sharing->repository_ids, (sharing->count + 1) * sizeof(sharing->repository_ids[0]));
    sharing->repository_ids[sharing->count++] = repository_id;
    return true;
}

bool sharing_remove(struct sharing *sharing, int64_t repository_id)
{
    size_t place = find(sharing, repository_id);

    if (place == sharing->count)
        return false;
    sharing->count--;
    memmove(sharing->repository_ids + place, sharing->repository_ids + place + 1,
        (sharing->count - place) * sizeof(sharing->repository_ids[0]));
    return true;
}

bool sharing_reaches(const struct sharing *sharing, int64_t repository_id, bool is_private)
{
    switch (sharing->visibility) {
    case VISIBILITY_ALL:
        return true;
    case VISIBILITY_PRIVATE:
        return is_private;
    case VISIBILITY_SELECTED:
        return sharing_has(sharing, repository_id);
    case VISIBILITY_NONE:
        break;
    }
    return false;
}
