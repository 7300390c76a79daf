/* Attributes, entries and timeouts of nodes, as the kernel wants them. */
#include <sys/stat.h>

#include "fs/op.h"
#include "nodes/node.h"

/* The mode of a link is 0777 on Linux, whatever the umask. */
static mode_t permissions(const struct fs *fs, const struct node *node)
{
    const struct kind *kind = node->kind;
    return S_ISLNK(kind->type->format) ? kind->mode : kind->mode & ~fs->options.umask;
}

static off_t size(const struct fs *fs, const struct node *node, const struct asker *asker)
{
    const struct file_type *type = node->kind->type;
    return type->size ? (off_t)type->size(fs->tree, node, asker->file, asker->tid) : 0;
}

void fs_attributes(
    const struct fs *fs, const struct node *node, const struct asker *asker, struct stat *ret)
{
    off_t length = size(fs, node, asker);
    *ret = (struct stat){
        .st_ino = node->ino,
        .st_mode = node->kind->type->format | permissions(fs, node),
        .st_nlink = node->presence == NODE_GONE ? 0 : 1,
        .st_uid = fs->options.uid,
        .st_gid = fs->options.gid,
        .st_size = length,
        .st_blocks = (length + 511) / 512,
        .st_blksize = FS_BLOCK_SIZE,
        .st_atim.tv_sec = node->mtime,
        .st_mtim.tv_sec = node->mtime,
        .st_ctim.tv_sec = node->mtime,
    };
}

struct node *fs_node(const struct fs *fs, fuse_ino_t ino)
{
    return ino == FUSE_ROOT_ID ? fs->tree->root : (struct node *)(uintptr_t)ino;
}

double fs_timeout(const struct fs *fs, const struct node *node)
{
    return (double)tree_trust_ms(fs->tree, node) / 1000.0;
}

void fs_entry(fuse_req_t req, const struct node *node, struct fuse_entry_param *ret)
{
    const struct fs *fs = fs_of(req);
    const struct asker asker = {.tid = fuse_req_ctx(req)->pid};
    *ret = (struct fuse_entry_param){
        .ino = (uintptr_t)node, /* an address may be used again, so the generation differs: */
        .generation = node->ino,
        .attr_timeout = fs_timeout(fs, node),
        .entry_timeout = fs_timeout(fs, node),
    };
    fs_attributes(fs, node, &asker, &ret->attr);
}
