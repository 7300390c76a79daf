/* Replies to getattr, setattr, getxattr, listxattr and statfs, from memory alone. */
#include <errno.h>
#include <sys/stat.h>

#include "fs/op.h"
#include "nodes/node.h"

/* A deleted secret has attributes only while a process has the secret open for writing, and so
 * has one whose DELETE is held. After that the reply is ESTALE, which makes the kernel look the
 * name up again (contract §5.13). */
static bool is_stale(const struct node *node)
{
    bool is_removed = node && (node->presence == NODE_GONE || node->presence == NODE_HELD);
    return !node || (is_removed && node->writers == 0);
}

static void reply_attributes(
    fuse_req_t req, const struct node *node, const struct fuse_file_info *file)
{
    struct fs *fs = fs_of(req);
    const struct asker asker = {
        .file = file ? fs_open_file(file->fh) : NULL, .tid = fuse_req_ctx(req)->pid};
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

static int set_size(
    fuse_req_t req, struct node *node, uint64_t size, const struct fuse_file_info *file)
{
    const struct file_type *type = node->kind->type;

    if (!type->truncate)
        return -EACCES;
    if (file)
        return fs_open_file(file->fh)->type->truncate(fs_open_file(file->fh), size);
    return type->truncate(fs_of(req)->tree, node, fuse_req_ctx(req)->pid, size);
}

/* Modes, owners and times are accepted and not kept, so that cp -p, install and rsync -a
 * succeed (contract §3.27). */
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

/* A secret that is not on the server has no attributes. */
static const struct file_attribute *attributes_of(const struct node *node)
{
    static const struct file_attribute none[] = {{0}};
    const struct file_attribute *all = node->kind->type->attributes;
    return all && node->presence == NODE_HERE ? all : none;
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
    char text[FILE_ATTRIBUTE_SIZE];

    if (is_stale(node)) {
        fuse_reply_err(req, ESTALE);
        return;
    }
    if (strncmp(name, "user.", 5) != 0) {
        fuse_reply_err(req, EOPNOTSUPP); /* ENODATA would make ls ask for every file */
        return;
    }
    for (const struct file_attribute *a = attributes_of(node); a->name; a++) {
        if (strcmp(name, a->name) != 0)
            continue;
        a->write(node, text);
        if (text[0] != '\0') {
            reply_xattr(req, text, strlen(text), size);
            return;
        }
    }
    fuse_reply_err(req, ENODATA);
}

void fs_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
    struct node *node = fs_node(fs_of(req), ino);
    char names[256], text[FILE_ATTRIBUTE_SIZE];
    size_t used = 0;

    if (is_stale(node)) {
        fuse_reply_err(req, ESTALE);
        return;
    }
    for (const struct file_attribute *a = attributes_of(node); a->name; a++) {
        size_t len = strlen(a->name) + 1;
        a->write(node, text);
        if (text[0] == '\0' || len > sizeof names - used)
            continue;
        memcpy(names + used, a->name, len);
        used += len;
    }
    reply_xattr(req, names, used, size);
}

void fs_statfs(fuse_req_t req, fuse_ino_t ino)
{
    struct node *node = fs_node(fs_of(req), ino);
    struct statvfs s = {
        .f_bsize = FS_BLOCK_SIZE, .f_frsize = FS_BLOCK_SIZE, .f_namemax = NAME_MAX};

    if (node && !node_is_directory(node))
        node = node->parent;
    if (node && node->kind->store && node->kind->store->limit) {
        unsigned used = node->dir && node->dir->has_listing ? node->dir->entries : 0;
        s.f_files = node->kind->store->limit;
        s.f_ffree = used < s.f_files ? s.f_files - used : 0;
        s.f_favail = s.f_ffree;
    }
    fuse_reply_statfs(req, &s);
}
