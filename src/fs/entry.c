/* What the kernel is told of a node. */
#include <sys/stat.h>

#include "fs/op.h"
#include "nodes/staging.h"
#include "tree/access_files.h"
#include "tree/report.h"

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

/* Programs that read from the end look for it first. */
static off_t report_size(const struct fs *fs, const struct node *node)
{
    struct buffer text;
    buffer_init(&text, REPORT_MAX);
    (void)!node->kind->report(fs->tree, &text); /* an open would fail */
    off_t len = (off_t)text.len;
    buffer_release(&text);
    return len;
}

static off_t size(const struct fs *fs, const struct node *node, const struct asker *asker)
{
    switch (node->kind->type) {
    case NODE_SECRET:
    case NODE_STAGING:
    case NODE_BULK:
        return (off_t)handle_size(
            fs->tree, node, (const struct handle *)(uintptr_t)asker->file, asker->tid);
    case NODE_CONTROL:
        return (off_t)control_size(fs->tree, node);
    case NODE_REPORT:
        return report_size(fs, node);
    default:
        return 0;
    }
}

void fs_attributes(
    const struct fs *fs, const struct node *node, const struct asker *asker, struct stat *ret)
{
    off_t length = size(fs, node, asker);
    *ret = (struct stat){
        .st_ino = node->ino,
        .st_mode = file_type(node) | permissions(fs, node),
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
        .ino = (uintptr_t)node, /* see node.h; an address may be used again, so: */
        .generation = node->ino,
        .attr_timeout = fs_timeout(fs, node),
        .entry_timeout = fs_timeout(fs, node),
    };
    fs_attributes(fs, node, &asker, &ret->attr);
}
