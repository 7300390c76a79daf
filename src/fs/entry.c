/* What the kernel is told of a node. */
#include <sys/stat.h>

#include "fs/op.h"
#include "tree/staging.h"

static mode_t file_type(const struct node *node)
{
    return node->kind->type == NODE_DIRECTORY ? S_IFDIR
           : node->kind->type == NODE_LINK    ? S_IFLNK
                                              : S_IFREG;
}

/* Nobody looks at a link's. */
static mode_t permissions(const struct fs *fs, const struct node *node)
{
    return node->kind->type == NODE_LINK ? node->kind->mode
                                         : node->kind->mode & ~fs->options.umask;
}

/* A secret's length is nobody's business; a staging file has the one that its writer expects.
 */
static off_t size(const struct node *node)
{
    const struct staged *staged = node_staged(node);
    return staged ? (off_t)staged->value.bytes.len : 0;
}

void fs_attributes(const struct fs *fs, const struct node *node, struct stat *ret)
{
    *ret = (struct stat){
        .st_ino = node->ino,
        .st_mode = file_type(node) | permissions(fs, node),
        .st_nlink = node->presence == NODE_GONE ? 0 : 1,
        .st_uid = fs->options.uid,
        .st_gid = fs->options.gid,
        .st_size = size(node),
        .st_blocks = (size(node) + 511) / 512,
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

void fs_entry(const struct fs *fs, const struct node *node, struct fuse_entry_param *ret)
{
    *ret = (struct fuse_entry_param){
        .ino = (uintptr_t)node, /* see node.h; an address may be used again, so: */
        .generation = node->ino,
        .attr_timeout = fs_timeout(fs, node),
        .entry_timeout = fs_timeout(fs, node),
    };
    fs_attributes(fs, node, &ret->attr);
}
