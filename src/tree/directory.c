#include "tree/directory.h"

#include <ctype.h>
#include <errno.h>
#include <time.h>

/* Names compare without case (contract §2.5): ASCII, as GitHub's names are but for
 * environments. The header was included for its types; the operations on `by_name` hash and
 * compare in this way. */
static unsigned fold_hash(const char *name, size_t len)
{
    unsigned hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)tolower((unsigned char)name[i])) * 16777619u;
    return hash;
}

#undef HASH_FUNCTION
#undef HASH_KEYCMP
#define HASH_FUNCTION(key, len, hash) ((hash) = fold_hash((const char *)(key), (len)))
#define HASH_KEYCMP(a, b, len) strncasecmp((a), (b), (len))

#include "tree/empty.h"
#include "tree/listing.h"
#include "tree/name.h"

#include <utlist.h>

/* GitHub's reads lag its writes by seconds (evidence §1.6). */
#define LAG_MS 60000
/* A program that removes what it failed to write does so at once; as for a held DELETE. */
#define FAILED_WRITE_MS 1000

struct tombstone {
    struct tombstone *prev, *next;
    int64_t created_at, updated_at; /* of what was deleted: a newer one is another */
    uint64_t until_ms;
    char name[];
};

struct directory *directory_of(struct node *node)
{
    if (!node->dir)
        node->dir = calloc(1, sizeof *node->dir);
    return node->dir;
}

void directory_free(struct directory *dir)
{
    struct tombstone *stone, *next;
    if (!dir)
        return;
    listing_free(dir->listing);
    DL_FOREACH_SAFE(dir->dead, stone, next) free(stone);
    HASH_CLEAR(by_name, dir->children);
    etags_release(&dir->etags);
    free(dir);
}

struct node *directory_find(const struct node *dir, const char *name)
{
    struct node *child = NULL;
    if (dir->dir)
        HASH_FIND(by_name, dir->dir->children, name, strlen(name), child);
    return child;
}

struct node *directory_find_here(const struct node *dir, const char *name)
{
    struct node *child = directory_find(dir, name);
    return child && node_is_from_api(child) && child->presence == NODE_HERE ? child : NULL;
}

int directory_add(struct node *node, struct node *child)
{
    struct directory *dir = directory_of(node);
    if (!dir)
        return -ENOMEM;
    HASH_ADD_KEYPTR(by_name, dir->children, child->name, strlen(child->name), child);
    return 0;
}

void directory_uncount(struct node *child)
{
    struct directory *dir = child->parent->dir;
    if (child->presence == NODE_HERE && child->kind->type == NODE_SECRET && dir && dir->secrets)
        dir->secrets--;
}

void directory_remove(struct node *node, struct node *child)
{
    if (directory_find(node, child->name) == child)
        HASH_DELETE(by_name, node->dir->children, child);
}

struct node *directory_first(const struct node *dir)
{
    return dir->dir ? dir->dir->children : NULL;
}

struct node *directory_next(const struct node *child)
{
    return child->by_name.next;
}

bool directory_is_idle(const struct node *dir)
{
    unsigned children = 0;
    for (struct node *c = directory_first(dir); c; c = directory_next(c)) {
        if (c->lookups > 0 || c->references > 0)
            return false;
        children++;
    }
    return dir->references == children;
}

void directory_forget_children(struct nodes *nodes, struct node *dir)
{
    struct node *child;
    while ((child = directory_first(dir)))
        node_drop(nodes, child);
    directory_free(dir->dir);
    dir->dir = NULL;
}

/* Files that are here alone go with their directory, and with those above it. */
static void orphan_files(struct nodes *nodes, struct node *dir)
{
    struct node *child, *next;

    node_ref(dir); /* with its last file the directory would go, and take `next` along */
    for (child = directory_first(dir); child; child = next) {
        next = directory_next(child);
        if (child->kind->type == NODE_DIRECTORY)
            orphan_files(nodes, child);
        else if (child->kind->orphan)
            child->kind->orphan(nodes, child);
    }
    node_unref(nodes, dir);
}

void directory_child_gone(struct nodes *nodes, struct node *child)
{
    struct node *dir = child->parent;

    node_ref(child);
    if (child->kind->type == NODE_DIRECTORY)
        orphan_files(nodes, child);
    directory_uncount(child);
    directory_remove(dir, child);
    node_go(nodes, child);
    child->listed = false;
    dir->mtime = (int64_t)time(NULL);
    empty_forget(child);
    node_unref(nodes, child);
}

void directory_note_failed_write(struct node *child, pid_t process, int err)
{
    if (process > 0)
        child->parent->dir->failed_write = (struct failed_write){.ino = child->ino,
            .process = process,
            .err = err,
            .until_ms = loop_now_ms() + FAILED_WRITE_MS};
}

int directory_failed_write(const struct node *child, pid_t process)
{
    const struct failed_write *failed = &child->parent->dir->failed_write;
    bool applies = failed->ino == child->ino && failed->process == process &&
                   loop_now_ms() < failed->until_ms;
    return applies ? failed->err : 0;
}

void directory_hide(struct node *child)
{
    child->presence = NODE_HELD;
    child->parent->dir->secrets--;
    child->parent->mtime = (int64_t)time(NULL);
}

void directory_come_back(struct node *child)
{
    child->presence = NODE_HERE;
    child->replaces = false;
    child->listed |= child->parent->dir->held;
    child->parent->dir->secrets++;
    child->parent->mtime = (int64_t)time(NULL);
}

struct node *directory_replace(struct nodes *nodes, struct node *held)
{
    struct node *dir = held->parent;
    struct node *node = node_new(nodes, dir->kind->child, dir, held->name);
    if (!node)
        return NULL;
    node->presence = NODE_PENDING;
    node->replaces = true;
    node->visibility = held->visibility;
    node->policy_seen_ms = held->policy_seen_ms;
    node->row_time = held->row_time;
    node->mtime = held->mtime;
    node->btime = held->btime;
    directory_child_gone(nodes, held);
    if (directory_add(dir, node) != 0) {
        node_unref(nodes, node);
        return NULL;
    }
    return node;
}

/* Is this row what was deleted here a moment ago? */
static bool is_dead(struct directory *dir, const struct row *row)
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

/* Is the row's visibility one from before what was written here? A server's Date tells nothing
 * of that: its clock need not be the one that rows are stamped by. */
static bool visibility_lags(const struct node *node, const struct row *row)
{
    if (loop_now_ms() >= node->written_until_ms)
        return false;
    return row->updated_at < node->row_time ||
           (row->visibility == node->old_visibility && row->updated_at <= node->before_change);
}

/* A row that does not say who may use the secret is no old one, and takes away what was known:
 * that may have changed, and must not go on being sent with values. */
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
            node->stored_len = 0; /* by another client: its length is not told */
        node->mtime = updated;
        node->written_until_ms = 0;
    }
    if (row->created_at >= 0)
        node->btime = row->created_at;
}

/* The child for a row: found, or made. NULL without memory. A new one has no reference. */
static struct node *child_for(struct nodes *nodes, struct node *dir, const struct row *row)
{
    struct node *child = directory_find(dir, row->name);
    if (!child) {
        child = node_new(nodes, dir->kind->child, dir, row->name);
        if (!child)
            return NULL;
        if (directory_add(dir, child) != 0) {
            node_unref(nodes, child);
            return NULL;
        }
        child->presence = NODE_PENDING; /* until it is counted, below */
        child->references--;
    }
    if (child->presence != NODE_HERE) {
        child->presence = NODE_HERE;
        child->replaces = false;
        if (child->kind->type == NODE_SECRET)
            dir->dir->secrets++;
    }
    child->is_organization = row->is_organization;
    take_visibility(child, row); /* before what was written here is taken for seen */
    take_times(child, row, nodes->mounted_at);
    return child;
}

/* Can it be shown? If not, says why in `failures`. */
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

/* What the rows did not name is gone, unless it is written here, or was a moment ago. */
static void drop_unlisted(struct nodes *nodes, struct node *dir)
{
    uint64_t now = loop_now_ms();
    struct node *child, *next;

    for (child = directory_first(dir); child; child = next) {
        next = directory_next(child);
        if (child->listed || child->presence != NODE_HERE || !node_is_from_api(child))
            continue;
        if (now < child->written_until_ms || child->busy || child->writers > 0)
            child->listed = dir->dir->overruled = true;
        else if (dir->kind->complete || child->was_listed || now >= child->fresh_until_ms)
            directory_child_gone(nodes, child);
        /* else: found by name where a listing does not show everything */
    }
}

int directory_merge(
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
        /* A staging file has its name until it is renamed. */
        if (is_dead(d, row) || (child && !node_is_from_api(child))) {
            d->overruled = true;
            continue;
        }
        if (child && child->presence == NODE_HELD) {
            child->listed = true;
            take_visibility(child, row); /* what replaces it will keep it */
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

struct node *directory_merge_one(
    struct nodes *nodes, struct node *dir, const struct row *row, uint64_t fresh_until_ms)
{
    struct directory *d = directory_of(dir);
    if (!d || is_dead(d, row))
        return NULL;
    const struct node *known = directory_find(dir, row->name);
    bool hidden = known && (known->presence == NODE_HELD || !node_is_from_api(known));
    struct node *child = hidden ? NULL : child_for(nodes, dir, row);
    if (!child)
        return NULL;
    child->fresh_until_ms = fresh_until_ms;
    child->policy_seen_ms = loop_now_ms();
    return node_ref(child);
}

void directory_note_stored(struct node *child, int64_t date)
{
    struct directory *dir = child->parent->dir;
    struct tombstone *stone, *next;
    int64_t at = date >= 0 ? date : (int64_t)time(NULL);

    if (child->presence == NODE_PENDING) {
        child->presence = NODE_HERE;
        if (!child->replaces)
            child->btime = at;
        dir->secrets++;
        child->parent->mtime = (int64_t)time(NULL);
    }
    child->replaces = child->maybe_stored = false;
    child->listed |= dir->held;
    child->mtime = at;
    child->written_until_ms = child->fresh_until_ms = loop_now_ms() + LAG_MS;
    /* An old ETag could bring a 304 for what was never seen. */
    etags_release(&dir->etags);
    DL_FOREACH_SAFE(dir->dead, stone, next)
    {
        if (strcasecmp(stone->name, child->name) == 0) {
            DL_DELETE(dir->dead, stone);
            free(stone);
        }
    }
}

void directory_note_doubt(struct node *child)
{
    child->stored_len = 0;
    child->maybe_stored = child->presence == NODE_PENDING;
    child->parent->dir->fresh_until_ms = 0;
}

void directory_note_deleted(struct nodes *nodes, struct node *child)
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
    directory_child_gone(nodes, child);
}
