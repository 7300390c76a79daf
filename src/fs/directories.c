/* Opens, reads and closes directories. An opendir takes a snapshot of the children, so that the
 * offsets of readdir keep their meaning while the directory changes. */
#include <errno.h>
#include <utlist.h>

#include "fs/op.h"
#include "nodes/node.h"

/* Position 0 is ".", position 1 "..", and child[i] is at position i + 2. The offset of an entry
 * that readdir returns is the position of the next entry. */
struct snapshot {
    struct node *dir;
    struct node **child; /* each is referenced, as `dir` is */
    size_t count;
    struct snapshot *prev, *next; /* in fs->snapshots */
};

static struct snapshot *snapshot_of(const struct fuse_file_info *file)
{
    return (struct snapshot *)(uintptr_t)file->fh;
}

static void snapshot_free(struct fs *fs, struct snapshot *snapshot)
{
    struct nodes *nodes = &fs->tree->nodes;
    DL_DELETE(fs->snapshots, snapshot);
    for (size_t i = 0; i < snapshot->count; i++)
        node_unref(nodes, snapshot->child[i]);
    node_unref(nodes, snapshot->dir);
    free(snapshot->child);
    free(snapshot);
}

void fs_close_directories(struct fs *fs)
{
    while (fs->snapshots)
        snapshot_free(fs, fs->snapshots);
}

static struct snapshot *snapshot_new(struct fs *fs, struct node *dir)
{
    size_t count = 0;
    for (struct node *c = directory_first(dir); c; c = directory_next(c))
        count += tree_is_shown(c);
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    struct node **child = calloc(count ? count : 1, sizeof(struct node *));
    if (!snapshot || !child) {
        free(snapshot);
        free(child);
        return NULL;
    }
    DL_APPEND(fs->snapshots, snapshot);
    snapshot->dir = node_ref(dir);
    snapshot->child = child;
    for (struct node *c = directory_first(dir); c; c = directory_next(c))
        if (tree_is_shown(c))
            snapshot->child[snapshot->count++] = node_ref(c);
    return snapshot;
}

static void opendir_done(struct task *task, int err)
{
    struct op *op = op_of(task);
    struct fs *fs = op->fs;
    struct fuse_file_info file = op->file;
    struct node *dir = task->result;
    fuse_req_t req = op_end(op);
    struct snapshot *snapshot = NULL;

    if (!err && !(snapshot = snapshot_new(fs, dir)))
        err = -ENOMEM;
    if (err) {
        fuse_reply_err(req, -err);
        return;
    }
    file.fh = (uintptr_t)snapshot;
    if (fuse_reply_open(req, &file) != 0)
        snapshot_free(fs, snapshot);
}

void fs_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct op *op = op_new(req, fs_node(fs_of(req), ino), "list", opendir_done);
    if (!op)
        return;
    op->file = *file;
    op->task.result = op->task.node; /* for opendir_done(), when task.node is given back */
    tree_list(&op->task);
}

struct dirents {
    fuse_req_t req;
    bool plus;
    char *data;
    size_t used, size;
};

/* Adds an entry if there is room for it. */
static bool dirents_add(
    struct dirents *d, const char *name, const struct node *node, bool counts, off_t next)
{
    struct fuse_entry_param entry;
    fs_entry(d->req, node, &entry);
    if (!counts)
        entry.ino = 0; /* tells the kernel not to count a lookup: "." and ".." */
    char *at = d->data + d->used;
    size_t left = d->size - d->used;
    size_t need = d->plus ? fuse_add_direntry_plus(d->req, at, left, name, &entry, next)
                          : fuse_add_direntry(d->req, at, left, name, &entry.attr, next);
    if (need > left)
        return false;
    d->used += need;
    return true;
}

/* The child at a position above 1, and its file name; NULL for a child that was deleted since
 * opendir. */
static struct node *child_at(
    const struct snapshot *s, size_t position, char name[static NAME_SIZE])
{
    struct node *child = s->child[position - 2];
    return child->presence == NODE_HERE && name_encode(child->name, name) ? child : NULL;
}

/* Adds the entry at `position`. False when there is no room for the entry. */
static bool add_position(struct dirents *d, const struct snapshot *s, size_t position)
{
    char name[NAME_SIZE];
    off_t next = (off_t)position + 1;

    if (position == 0)
        return dirents_add(d, ".", s->dir, false, next);
    if (position == 1)
        return dirents_add(d, "..", s->dir->parent ? s->dir->parent : s->dir, false, next);
    const struct node *child = child_at(s, position, name);
    return !child || dirents_add(d, name, child, true, next);
}

/* A reply to readdirplus counts as a lookup of each entry in the reply. */
static void count_lookups(const struct snapshot *s, size_t from, size_t to)
{
    char name[NAME_SIZE];

    for (size_t i = from < 2 ? 2 : from; i < to; i++) {
        struct node *child = child_at(s, i, name);
        if (child)
            child->lookups++;
    }
}

static void reply_dirents(
    fuse_req_t req, const struct snapshot *s, size_t size, off_t offset, bool plus)
{
    struct dirents d = {.req = req, .plus = plus, .data = malloc(size), .size = size};
    size_t from = (size_t)offset, to = from;

    if (!d.data) {
        fuse_reply_err(req, ENOMEM);
        return;
    }
    while (to < s->count + 2 && add_position(&d, s, to))
        to++;
    if (fuse_reply_buf(req, d.data, d.used) == 0 && plus)
        count_lookups(s, from, to);
    free(d.data);
}

void fs_readdir(
    fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *file)
{
    (void)ino;
    reply_dirents(req, snapshot_of(file), size, offset, false);
}

void fs_readdirplus(
    fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *file)
{
    (void)ino;
    reply_dirents(req, snapshot_of(file), size, offset, true);
}

void fs_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    (void)ino;
    snapshot_free(fs_of(req), snapshot_of(file));
    fuse_reply_err(req, 0);
}
