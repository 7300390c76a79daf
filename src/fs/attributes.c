/* Attributes, extended attributes, and what statfs says. None of it touches the network. */
#include <errno.h>
#include <sys/stat.h>

#include "fs/op.h"
#include "nodes/node.h"
#include "nodes/staging.h"
#include "tree/access_files.h"

/* A deleted secret is known only to those who have it open; to others ESTALE makes the kernel
 * look the name up again (contract §5.13). */
static bool is_stale(const struct node *node)
{
    return !node || (node->presence == NODE_GONE && node->writers == 0);
}

static void reply_attributes(
    fuse_req_t req, const struct node *node, const struct fuse_file_info *file)
{
    struct fs *fs = fs_of(req);
    const struct asker asker = {.file = file ? file->fh : 0, .tid = fuse_req_ctx(req)->pid};
    struct stat attributes;
    fs_attributes(fs, node, &asker, &attributes);
    fuse_reply_attr(req, &attributes, fs_timeout(fs, node));
}

void fs_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct node *node = fs_node(fs_of(req), ino);
    if (is_stale(node))
        fuse_reply_err(req, ESTALE);
    else
        reply_attributes(req, node, file);
}

static int set_size_of_open(
    const struct node *node, uint64_t size, const struct fuse_file_info *file)
{
    if (node->kind->type == NODE_CONTROL)
        return control_truncate((struct control *)(uintptr_t)file->fh, size);
    if (node_staged(node) && node_staged(node)->published)
        return -ESTALE; /* as a write to it (contract §3.30) */
    return value_truncate(((struct handle *)(uintptr_t)file->fh)->value, size);
}

static int set_size_by_path(
    const struct fs *fs, const struct node *node, uint64_t size, pid_t tid)
{
    if (node->kind->type == NODE_CONTROL)
        return control_truncate_by_path(fs->tree, node, tid, size);
    if (node_staged(node)) /* all who have it open share the value */
        return value_truncate(&node_staged(node)->value, size);
    return handle_truncate_by_path(fs->tree, node, tid, size);
}

static int set_size(
    fuse_req_t req, const struct node *node, uint64_t size, const struct fuse_file_info *file)
{
    switch (node->kind->type) {
    case NODE_SECRET:
    case NODE_STAGING:
    case NODE_BULK:
    case NODE_CONTROL:
        return file ? set_size_of_open(node, size, file)
                    : set_size_by_path(fs_of(req), node, size, fuse_req_ctx(req)->pid);
    default:
        return -EACCES;
    }
}

/* Modes, owners and times are accepted and not kept, so that cp -p, install and rsync -a do
 * what they should (contract §3.27). */
void fs_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attributes, int which,
    struct fuse_file_info *file)
{
    struct node *node = fs_node(fs_of(req), ino);
    int err = is_stale(node) ? -ESTALE : 0;

    if (!err && (which & FUSE_SET_ATTR_SIZE))
        err = set_size(req, node, (uint64_t)attributes->st_size, file);
    if (err)
        fuse_reply_err(req, -err);
    else
        reply_attributes(req, node, file);
}

/* As the API writes them. An empty text: the secret has no such attribute. */
static void write_created_at(const struct node *node, char out[static 24])
{
    text_from_time(out, node->btime);
}

static void write_updated_at(const struct node *node, char out[static 24])
{
    text_from_time(out, node->mtime);
}

static void write_visibility(const struct node *node, char out[static 24])
{
    snprintf(out, 24, "%s", visibility_name(node->visibility));
}

static const struct attribute {
    const char *name;
    void (*write)(const struct node *node, char out[static 24]);
} attribute_table[] = {
    {"user.created_at", write_created_at},
    {"user.updated_at", write_updated_at},
    {"user.visibility", write_visibility},
};

#define ATTRIBUTE_COUNT (sizeof attribute_table / sizeof attribute_table[0])

static bool has_attribute(
    const struct node *node, const struct attribute *attribute, char out[static 24])
{
    if (node->kind->type != NODE_SECRET || node->presence != NODE_HERE)
        return false;
    attribute->write(node, out);
    return out[0] != '\0';
}

static void reply_xattr(fuse_req_t req, const char *data, size_t len, size_t size)
{
    if (size == 0)
        fuse_reply_xattr(req, len);
    else if (len > size)
        fuse_reply_err(req, ERANGE);
    else
        fuse_reply_buf(req, data, len);
}

void fs_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
    struct node *node = fs_node(fs_of(req), ino);
    char text[24];

    if (is_stale(node)) {
        fuse_reply_err(req, ESTALE);
        return;
    }
    if (strncmp(name, "user.", 5) != 0) {
        fuse_reply_err(req, EOPNOTSUPP); /* ENODATA would make ls ask for every file */
        return;
    }
    for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
        if (strcmp(name, attribute_table[i].name) == 0 &&
            has_attribute(node, &attribute_table[i], text)) {
            reply_xattr(req, text, strlen(text), size);
            return;
        }
    }
    fuse_reply_err(req, ENODATA);
}

void fs_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
    struct node *node = fs_node(fs_of(req), ino);
    char names[256], text[24];
    size_t used = 0;

    if (is_stale(node)) {
        fuse_reply_err(req, ESTALE);
        return;
    }
    for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
        if (!has_attribute(node, &attribute_table[i], text))
            continue;
        size_t len = strlen(attribute_table[i].name) + 1;
        memcpy(names + used, attribute_table[i].name, len);
        used += len;
    }
    reply_xattr(req, names, used, size);
}

void fs_statfs(fuse_req_t req, fuse_ino_t ino)
{
    struct node *node = fs_node(fs_of(req), ino);
    struct statvfs s = {
        .f_bsize = FS_BLOCK_SIZE, .f_frsize = FS_BLOCK_SIZE, .f_namemax = NAME_MAX};

    if (node && node->kind->type != NODE_DIRECTORY)
        node = node->parent;
    if (node && node->kind->limit) {
        unsigned used = node->dir && node->dir->held ? node->dir->secrets : 0;
        s.f_files = node->kind->limit;
        s.f_ffree = used < s.f_files ? s.f_files - used : 0;
        s.f_favail = s.f_ffree;
    }
    fuse_reply_statfs(req, &s);
}
