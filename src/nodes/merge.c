#include "nodes/merge.h"

#include <errno.h>
#include <strings.h>

#include "base/loop.h"
#include "nodes/failures.h"
#include "nodes/name.h"
#include "nodes/presence.h"

/* Is the row's visibility from before this mount's last PUT? The Date header of the answer to
 * the PUT cannot tell: another clock than the Date's may stamp the rows. */
static bool visibility_lags(const struct node *node, const struct row *row)
{
    if (loop_now_ms() >= node->written_until_ms)
        return false;
    return row->updated_at < node->row_time ||
           (row->visibility == node->old_visibility && row->updated_at <= node->before_change);
}

/* A row without a visibility is not taken for an outdated row. The known visibility is
 * forgotten, since an outdated visibility must not be sent with the next value. */
static void take_visibility(struct node *node, const struct row *row)
{
    if (!row->visibility)
        node->visibility = VISIBILITY_NONE;
    if (!row->visibility || visibility_lags(node, row))
        return;
    node->visibility = row->visibility;
    node->row_time = row->updated_at;
}

static void take_times(struct node *node, const struct row *row, int64_t mounted_at)
{
    bool written_here = loop_now_ms() < node->written_until_ms;
    int64_t updated = row->updated_at >= 0   ? row->updated_at
                      : row->created_at >= 0 ? row->created_at
                                             : mounted_at;
    if (!written_here || updated >= node->mtime) {
        if (updated > node->mtime)
            node->stored_len = 0; /* another client stored a value of unknown length */
        node->mtime = updated;
        node->written_until_ms = 0;
    }
    if (row->created_at >= 0)
        node->btime = row->created_at;
}

/* The child for a row: found, or made without a reference. NULL without memory. */
static struct node *child_for(struct nodes *nodes, struct node *dir, const struct row *row)
{
    struct node *child = directory_find(dir, row->name);
    if (!child) {
        child = node_make_child(nodes, dir->kind->child, dir, row->name);
        if (!child)
            return NULL;
    }
    if (child->presence != NODE_HERE)
        presence_seen(child);
    child->is_organization = row->is_organization;
    take_visibility(child, row); /* first: take_times() may clear written_until_ms */
    take_times(child, row, nodes->mounted_at);
    if (nodes->entry_seen && node_is_entry(child))
        nodes->entry_seen(nodes, child);
    return child;
}

/* Can the row be shown as a file? If not, `failures` gets a line. */
static bool is_presentable(struct node *dir, const struct row *row, struct failures *failures)
{
    char file_name[NAME_SIZE];
    struct failure why;

    if (!row->has_nul && name_encode(row->name, file_name))
        return true;
    failure_set(&why, row->has_nul ? -EILSEQ : -ENAMETOOLONG, "left out: %s: '%.60s'",
        row->has_nul   ? "there is a U+0000 in its name"
        : row->name[0] ? "its name does not fit into 255 bytes"
                       : "it has no name",
        row->name);
    failures_add_at(failures, "list", dir, "", &why);
    return false;
}

/* A child without a row is gone, unless this mount writes the child, or wrote the child a
 * moment ago. */
static void drop_unlisted(struct nodes *nodes, struct node *dir)
{
    uint64_t now = loop_now_ms();
    struct node *child, *next;

    for (child = directory_first(dir); child; child = next) {
        next = directory_next(child);
        if (child->listed || !node_may_be_there(child) || !node_is_from_api(child))
            continue;
        if (now < child->written_until_ms || child->busy || child->writers > 0)
            child->listed = dir->dir->overruled = true;
        else if (dir->kind->complete || child->was_listed || now >= child->fresh_until_ms)
            presence_gone(nodes, child);
        /* else: the listing is not complete, and a request for the name found the child */
    }
}

int merge_listing(
    struct nodes *nodes, struct node *dir, const struct rows *rows, struct failures *failures)
{
    struct directory *d = directory_of(dir);
    if (!d)
        return -ENOMEM;
    node_ref(dir);
    d->overruled = false;
    for (struct node *c = directory_first(dir); c; c = directory_next(c)) {
        c->was_listed = c->listed;
        c->listed &= !node_is_from_api(c);
    }
    int err = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->row[i];
        if (!is_presentable(dir, row, failures))
            continue;
        struct node *child = directory_find(dir, row->name);
        /* A staging file hides an entry of its name until the staging file is renamed. */
        if (presence_is_dead(d, row) || (child && !node_is_from_api(child))) {
            d->overruled = true;
            continue;
        }
        if (child && child->presence == NODE_HELD) {
            child->listed = true;
            take_visibility(child, row); /* presence_replace() passes the visibility on */
            continue;
        }
        if (child && child->listed) {
            struct failure why;
            failure_set(&why, -EEXIST, "left out: '%.80s' is '%.80s' without case", row->name,
                child->name);
            failures_add_at(failures, "list", dir, "", &why);
            continue;
        }
        child = child_for(nodes, dir, row);
        if (!child) {
            err = -ENOMEM;
            continue;
        }
        child->listed = true;
    }
    if (!err)
        drop_unlisted(nodes, dir);
    node_unref(nodes, dir);
    return err;
}

struct node *merge_one(
    struct nodes *nodes, struct node *dir, const struct row *row, uint64_t fresh_until_ms)
{
    struct directory *d = directory_of(dir);
    if (!d || presence_is_dead(d, row))
        return NULL;
    const struct node *known = directory_find(dir, row->name);
    bool hidden = known && (known->presence == NODE_HELD || !node_is_from_api(known));
    struct node *child = hidden ? NULL : child_for(nodes, dir, row);
    if (!child)
        return NULL;
    /* It must be known for as long as a listing that does not have it. */
    child->listed |= d->has_listing && dir->kind->complete;
    child->fresh_until_ms = fresh_until_ms;
    child->policy_seen_ms = loop_now_ms();
    return node_ref(child);
}
