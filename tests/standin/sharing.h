/*
 * With whom an organization shares a secret: with all of its repositories, with the private
 * ones, or with some that were selected.
 */
#ifndef STANDIN_SHARING_H
#define STANDIN_SHARING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum visibility {
    VISIBILITY_NONE, /* the owner is no organization */
    VISIBILITY_ALL,
    VISIBILITY_PRIVATE,
    VISIBILITY_SELECTED,
};

struct sharing {
    enum visibility visibility;
    int64_t *repository_ids; /* of those selected: in order of selection, no two the same */
    size_t count;
};

/* As the API writes it; NULL for VISIBILITY_NONE. */
const char *visibility_name(enum visibility visibility);
/* False when the API knows no such name. */
bool visibility_parse(const char *name, enum visibility *ret);

struct sharing sharing_copy(const struct sharing *sharing);
void sharing_release(struct sharing *sharing);

bool sharing_has(const struct sharing *sharing, int64_t repository_id);
/* Whether both select the same repositories, in whatever order. */
bool sharing_selects_same(const struct sharing *sharing, const struct sharing *other);

/* Each returns false when there was nothing to do. */
bool sharing_add(struct sharing *sharing, int64_t repository_id);
bool sharing_remove(struct sharing *sharing, int64_t repository_id);

/* Whether one of the organization's repositories can use the secret. */
bool sharing_reaches(const struct sharing *sharing, int64_t repository_id, bool is_private);

#endif
