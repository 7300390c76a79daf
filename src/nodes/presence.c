#include "nodes/presence.h"

#include <assert.h>
#include <errno.h>
#include <time.h>
#include <utlist.h>

#include "base/loop.h"

/* How long a write of this mount counts more than a listing: GitHub's reads lag its writes by
 * seconds (evidence §1.6). */
#define LAG_MS 60000
/* A program that removes a file which the program failed to write does so at once. The time is
 * that of a held DELETE (contract §3.26). */
#define FAILED_WRITE_MS 1000

/* Ends the files that the server does not have, in a directory that is gone and in all
 * directories below. */
static void orphan_files(struct nodes *nodes, struct node *dir)
{
    struct node *child, *next;

    node_ref(dir); /* else the directory could be freed with its last file, and `next` too */
    for (child = directory_first(dir); child; child = next) {
        next = directory_next(child);
        if (node_is_directory(child))
            orphan_files(nodes, child);
        else if (child->kind->type->orphan)
            child->kind->type->orphan(nodes, child);
    }
    node_unref(nodes, dir);
}

void presence_gone(struct nodes *nodes, struct node *child)
{
    struct node *dir = child->parent;

    assert(child->presence != NODE_GONE);
    node_ref(child);
    if (node_is_directory(child))
        orphan_files(nodes, child);
    directory_uncount(child);
    directory_remove(dir, child);
    node_go(nodes, child);
    child->listed = false;
    dir->mtime = (int64_t)time(NULL);
    if (child->empty)
        nodes->forget_empty(child);
    node_unref(nodes, child);
}

void presence_failed_write(struct node *child, pid_t process, int err)
{
    /* A pending entry has no old value on the server that a removal could destroy. */
    if (process > 0 && child->presence != NODE_PENDING)
        child->parent->dir->failed_write = (struct failed_write){.ino = child->ino,
            .process = process,
            .err = err,
            .until_ms = loop_now_ms() + FAILED_WRITE_MS};
}

int presence_failure_of(const struct node *child, pid_t process)
{
    const struct failed_write *failed = &child->parent->dir->failed_write;
    bool applies = failed->ino == child->ino && failed->process == process &&
                   loop_now_ms() < failed->until_ms;
    return applies ? failed->err : 0;
}

static void come(struct node *child)
{
    assert(child->presence != NODE_HERE && child->presence != NODE_GONE);
    child->presence = NODE_HERE;
    if (node_is_entry(child))
        child->parent->dir->entries++;
}

void presence_seen(struct node *child)
{
    assert(node_is_unstored(child));
    if (child->presence == NODE_REPLACING) /* the listing has what it was to replace */
        child->listed |= child->parent->dir->has_listing;
    come(child);
    child->written_until_ms = 0; /* the row tells what became of a PUT in doubt */
}

void presence_hide(struct node *child)
{
    assert(child->presence == NODE_HERE && child->parent->dir->entries > 0);
    child->presence = NODE_HELD;
    child->parent->dir->entries--;
    child->parent->mtime = (int64_t)time(NULL);
}

void presence_come_back(struct node *child)
{
    assert(child->presence == NODE_HELD || child->presence == NODE_REPLACING);
    come(child);
    child->listed |= child->parent->dir->has_listing;
    child->parent->mtime = (int64_t)time(NULL);
}

struct node *presence_replace(struct nodes *nodes, struct node *held)
{
    struct node *dir = held->parent;
    struct node *node = node_new(nodes, dir->kind->child, dir, held->name);
    if (!node)
        return NULL;
    assert(held->presence == NODE_HELD);
    node->presence = NODE_REPLACING;
    node->visibility = held->visibility;
    node->policy_seen_ms = held->policy_seen_ms;
    node->row_time = held->row_time;
    node->mtime = held->mtime;
    node->btime = held->btime;
    if (directory_add(dir, node) != 0) {
        node_unref(nodes, node);
        return NULL;
    }
    presence_gone(nodes, held); /* last: a failure above must leave `held` in place */
    return node;
}

bool presence_is_dead(struct directory *dir, const struct row *row)
{
    struct tombstone *stone, *next;
    uint64_t now = loop_now_ms();

    DL_FOREACH_SAFE(dir->dead, stone, next)
    {
        if (stone->until_ms <= now) {
            DL_DELETE(dir->dead, stone);
            free(stone);
        } else if (strcasecmp(stone->name, row->name) == 0 &&
                   row->created_at <= stone->created_at &&
                   row->updated_at <= stone->updated_at) {
            return true;
        }
    }
    return false;
}

void presence_stored(struct node *child, int64_t date)
{
    struct directory *dir = child->parent->dir;
    struct tombstone *stone, *next;
    int64_t at = date >= 0 ? date : (int64_t)time(NULL);

    assert(child->presence != NODE_GONE);
    if (child->presence == NODE_PENDING)
        child->btime = at;
    if (node_is_unstored(child)) {
        come(child);
        child->parent->mtime = (int64_t)time(NULL);
    }
    child->maybe_stored = false;
    child->listed |= dir->has_listing;
    child->mtime = at;
    child->written_until_ms = child->fresh_until_ms = loop_now_ms() + LAG_MS;
    /* An old ETag could bring a 304, which would confirm a list without the entry. */
    etags_release(&dir->etags);
    DL_FOREACH_SAFE(dir->dead, stone, next)
    {
        if (strcasecmp(stone->name, child->name) == 0) {
            DL_DELETE(dir->dead, stone);
            free(stone);
        }
    }
}

void presence_doubted(struct node *child)
{
    struct directory *dir = child->parent->dir;

    child->stored_len = 0;
    child->maybe_stored = node_is_unstored(child);
    dir->fresh_until_ms = 0;
    if (!child->maybe_stored)
        return;
    child->written_until_ms = loop_now_ms() + LAG_MS;
    etags_release(&dir->etags); /* a 304 would not tell whether the entry exists */
}

void presence_deleted(struct nodes *nodes, struct node *child)
{
    struct directory *dir = child->parent->dir;
    size_t size = strlen(child->name) + 1;
    struct tombstone *stone = calloc(1, sizeof *stone + size);

    if (stone) {
        memcpy(stone->name, child->name, size);
        stone->created_at = child->btime;
        stone->updated_at = child->mtime;
        stone->until_ms = loop_now_ms() + LAG_MS;
        DL_APPEND(dir->dead, stone);
    }
    etags_release(&dir->etags);
    presence_gone(nodes, child);
}
