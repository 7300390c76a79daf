#include "fs/statx.h"

#include <errno.h>
#include <linux/fuse.h>
#include <unistd.h>

#include "base/libc.h"
#include "fs/op.h"

#define OPCODE_STATX 52

struct sx_time {
    int64_t seconds;
    uint32_t nanoseconds;
    int32_t reserved;
};

struct sx {
    uint32_t mask, blksize;
    uint64_t attributes;
    uint32_t nlink, uid, gid;
    uint16_t mode, spare0;
    uint64_t ino, size, blocks, attributes_mask;
    struct sx_time atime, btime, ctime, mtime;
    uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
    uint64_t spare2[14];
};

struct sx_out {
    struct fuse_out_header header;
    uint64_t valid_seconds;
    uint32_t valid_nanoseconds, flags;
    uint64_t spare[2];
    struct sx stat;
};

_Static_assert(sizeof(struct sx) == 256, "struct fuse_statx");
_Static_assert(
    sizeof(struct sx_out) == sizeof(struct fuse_out_header) + 288, "struct fuse_statx_out");

static struct sx_time at(int64_t seconds)
{
    return (struct sx_time){.seconds = seconds};
}

static void fill(
    const struct fs *fs, const struct node *node, const struct asker *asker, struct sx_out *out)
{
    struct stat st;
    uint64_t trust_ms = tree_trust_ms(fs->tree, node);

    fs_attributes(fs, node, asker, &st);
    out->valid_seconds = trust_ms / 1000;
    out->valid_nanoseconds = (uint32_t)(trust_ms % 1000) * 1000000;
    out->stat = (struct sx){
        .mask = STATX_BASIC_STATS | (node_is_entry(node) ? STATX_BTIME : 0),
        .blksize = (uint32_t)st.st_blksize,
        .nlink = (uint32_t)st.st_nlink,
        .uid = st.st_uid,
        .gid = st.st_gid,
        .mode = (uint16_t)st.st_mode,
        .ino = st.st_ino,
        .size = (uint64_t)st.st_size,
        .blocks = (uint64_t)st.st_blocks,
        .atime = at(node->mtime),
        .btime = at(node->btime),
        .ctime = at(node->mtime),
        .mtime = at(node->mtime),
    };
}

/* The body of a STATX begins like the body of a GETATTR. */
static struct asker asker_of(const struct fuse_in_header *in, size_t len)
{
    const struct fuse_getattr_in *body = (const void *)(in + 1);
    bool has_file = len >= sizeof *in + sizeof *body && body->getattr_flags & FUSE_GETATTR_FH;
    return (struct asker){
        .file = has_file ? fs_open_file(body->fh) : NULL, .tid = (pid_t)in->pid};
}

/* The check of allow_root, which libfuse makes for the requests that libfuse knows. */
static bool may_ask(const struct fs *fs, const struct fuse_in_header *in)
{
    return !fs->options.allow_root || in->uid == 0 || in->uid == geteuid();
}

bool statx_answer(struct fs *fs, const void *request, size_t len)
{
    const struct fuse_in_header *in = request;
    struct sx_out out = {0};

    if (len < sizeof *in || in->opcode != OPCODE_STATX)
        return false;
    const struct node *node = fs_node(fs, in->nodeid);
    int err = !may_ask(fs, in)                                           ? EACCES
              : !node || (node->presence == NODE_GONE && !node->writers) ? ESTALE
                                                                         : 0;
    if (!err) {
        const struct asker asker = asker_of(in, len);
        fill(fs, node, &asker, &out);
    }
    out.header = (struct fuse_out_header){
        .len = err ? sizeof out.header : sizeof out,
        .error = -err,
        .unique = in->unique,
    };
    /* The write fails when the caller has gone, and then nobody waits for the reply. */
    ssize_t n = write(fuse_session_fd(fs->session), &out, out.header.len);
    (void)n;
    return true;
}
