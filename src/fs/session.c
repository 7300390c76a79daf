/* Mounts and unmounts, and reads the kernel's requests from the FUSE descriptor in the loop. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/container.h"
#include "base/descriptors.h"
#include "base/log.h"
#include "fs/op.h"
#include "fs/parallel_dirops.h"
#include "fs/statx.h"

/* In bytes. The kernel splits a longer write; a value has at most 48 KiB. */
#define MAX_WRITE (128u * 1024)
#define REQUEST_MAX (MAX_WRITE + 4096u)
/* Requests read in a turn, before the loop serves the network again. */
#define REQUESTS_AT_ONCE 64

/* libfuse's own log function would wait for the reader of standard error. */
__attribute__((format(printf, 2, 0))) static void pass_on(
    enum fuse_log_level level, const char *format, va_list args)
{
    (void)level;
    log_verbatim(format, args);
}

static void session_init(void *userdata, struct fuse_conn_info *conn)
{
    struct fs *fs = userdata;

    conn->max_write = MAX_WRITE;
    conn->max_readahead = 0;
    conn->want &= ~(unsigned)(FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_WRITEBACK_CACHE |
                              FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE |
                              FUSE_CAP_SPLICE_MOVE | FUSE_CAP_AUTO_INVAL_DATA);
    /* DONT_MASK: only the mode before the umask tells the files that mkstemp(3) makes. */
    conn->want |= conn->capable & (FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_READDIRPLUS |
                                      FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_DONT_MASK);
    loop_set_timer(fs->loop, &fs->ready, 0);
}

static void session_is_ready(struct loop_timer *timer)
{
    struct fs *fs = CONTAINER_OF(timer, struct fs, ready);
    fs->options.ready(fs->options.arg);
}

static const struct fuse_lowlevel_ops operations = {
    .init = session_init,
    .lookup = fs_lookup,
    .forget = fs_forget,
    .forget_multi = fs_forget_multi,
    .unlink = fs_unlink,
    .mknod = fs_mknod,
    .readlink = fs_readlink,
    .mkdir = fs_mkdir,
    .rmdir = fs_rmdir,
    .symlink = fs_symlink,
    .link = fs_link,
    .rename = fs_rename,
    .create = fs_create,
    .open = fs_open,
    .read = fs_read,
    .write = fs_write,
    .flush = fs_flush,
    .fsync = fs_fsync,
    .release = fs_release,
    .opendir = fs_opendir,
    .readdir = fs_readdir,
    .readdirplus = fs_readdirplus,
    .releasedir = fs_releasedir,
    .getattr = fs_getattr,
    .setattr = fs_setattr,
    .getxattr = fs_getxattr,
    .listxattr = fs_listxattr,
    .statfs = fs_statfs,
};

static void session_end(struct fs *fs)
{
    if (fs->ended)
        return;
    fs->ended = true;
    loop_unwatch(fs->loop, &fs->watch);
    fs->options.ended(fs->options.arg);
}

static void session_handle(struct fs *fs, size_t len)
{
    const struct fuse_in_header *in = (const void *)fs->request.data;
    bool is_write = len >= sizeof *in && in->opcode == FUSE_WRITE;

    if (!statx_answer(fs, fs->request.data, len)) {
        struct fuse_buf buf = {.size = len, .mem = fs->request.data};
        fuse_session_process_buf(fs->session, &buf);
    }
    if (is_write)
        locked_wipe(fs->request.data, len);
}

/* Requests that are left make the descriptor ready again in the next turn. */
static void session_readable(struct loop_watch *watch, uint32_t events)
{
    struct fs *fs = CONTAINER_OF(watch, struct fs, watch);
    (void)events;

    for (unsigned i = 0; i < REQUESTS_AT_ONCE && !fs->ended; i++) {
        ssize_t n = read(watch->fd, fs->request.data, REQUEST_MAX);
        if (n >= 0) {
            session_handle(fs, (size_t)n);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR && errno != ENOENT) {
            if (errno != ENODEV) /* ENODEV: unmounted */
                log_error("reading from the kernel: %s", strerror(errno));
            session_end(fs);
        }
    }
}

/* Sends no request to a file system: this mount itself may be at the mount point. */
static bool look_at_mount_point(const struct fs *fs, struct statx *ret)
{
    return statx(AT_FDCWD, fs->options.mountpoint, AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
               STATX_INO, ret) == 0;
}

static bool is_still_there(const struct fs *fs)
{
    struct statx now;
    return fs->root.stx_mask == 0 || !look_at_mount_point(fs, &now) ||
           (now.stx_dev_major == fs->root.stx_dev_major &&
               now.stx_dev_minor == fs->root.stx_dev_minor);
}

/*
 * After a lazy unmount, while a process still uses a file of this mount, another mount may be
 * at the mount point, and libfuse would unmount the other mount. libfuse unmounts nothing when
 * its device has an error, so a pipe without a reader takes the place of the device. The device
 * is closed by that, which ends this mount.
 */
static void leave_place_to_others(struct fs *fs)
{
    int fds[2];

    if (is_still_there(fs) || pipe2(fds, O_CLOEXEC) != 0)
        return;
    close(fds[0]);
    dup3(fds[1], fuse_session_fd(fs->session), O_CLOEXEC);
    close(fds[1]);
}

int fs_mount(
    struct loop *loop, struct tree *tree, const struct fs_options *options, struct fs **ret)
{
    struct fs *fs = calloc(1, sizeof *fs);
    if (!fs)
        return -ENOMEM;
    fs->loop = loop;
    fs->tree = tree;
    fs->options = *options;
    fs->ready.fire = session_is_ready;
    fs->watch.ready = session_readable;
    int err = locked_init(&fs->request, REQUEST_MAX);
    if (!err)
        err = locked_resize(&fs->request, REQUEST_MAX);
    if (err)
        goto fail;
    err = -EIO;
    fuse_set_log_func(pass_on);
    fs->session = fuse_session_new(options->args, &operations, sizeof operations, fs);
    if (!fs->session)
        goto fail;
    descriptors_restore(); /* libfuse starts fusermount3 */
    int failed = fuse_session_mount(fs->session, options->mountpoint);
    descriptors_raise();
    if (failed)
        goto fail;
    fs->mounted = true;
    (void)look_at_mount_point(fs, &fs->root);
    fs->watch.fd = fuse_session_fd(fs->session);
    fcntl(fs->watch.fd, F_SETFL, O_NONBLOCK);
    err = parallel_dirops_setup(fs);
    if (!err)
        err = loop_watch(loop, &fs->watch, EPOLLIN);
    if (err)
        goto fail;
    *ret = fs;
    return 0;
fail:
    fs_unmount(fs);
    return err;
}

void fs_unmount(struct fs *fs)
{
    if (!fs)
        return;
    loop_clear_timer(fs->loop, &fs->ready);
    loop_unwatch(fs->loop, &fs->watch);
    while (fs->ops) {
        struct op *op = fs->ops;
        task_abandon(&op->task, -ECANCELED, "the mount has ended");
        fuse_reply_err(op_end(op), EIO); /* programs take EINTR for success, or try again */
    }
    fs_close_directories(fs);
    if (fs->mounted) {
        leave_place_to_others(fs);
        descriptors_restore(); /* for fusermount3 */
        fuse_session_unmount(fs->session);
        descriptors_raise();
    }
    if (fs->session)
        fuse_session_destroy(fs->session);
    locked_release(&fs->request);
    free(fs);
}
