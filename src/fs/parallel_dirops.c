#include "fs/parallel_dirops.h"

#include <linux/fuse.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fs/op.h"

/* The libfuse version from which on the flag is passed on for certain. A libfuse 3.18 may be
 * built without fuse_session_custom_io(), so newer versions must not call that function. */
#define PASSED_ON_FROM 317

static ssize_t read_request(int fd, void *buffer, size_t size, void *userdata)
{
    (void)userdata;
    return read(fd, buffer, size);
}

/* The first reply is the reply to INIT. */
static ssize_t write_reply(int fd, struct iovec *iov, int count, void *userdata)
{
    struct fs *fs = userdata;
    if (!fs->init_replied && count == 2 && iov[1].iov_len >= sizeof(struct fuse_init_out)) {
        struct fuse_init_out *out = iov[1].iov_base;
        out->flags |= FUSE_PARALLEL_DIROPS;
    }
    fs->init_replied = true;
    return writev(fd, iov, count);
}

int parallel_dirops_setup(struct fs *fs)
{
    if (fuse_version() >= PASSED_ON_FROM)
        return 0;
    static const struct fuse_custom_io io = {.read = read_request, .writev = write_reply};
    return fuse_session_custom_io(fs->session, &io, fuse_session_fd(fs->session));
}
