#include "base/tell.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

/* How long the loop waits for a helper's write. The write should take microseconds, and while
 * the loop waits, the process that is told does not go on: as a rule the line comes first. */
#define HELPER_WAIT_MS 20
/* So many helpers may hang in a frozen file system at once. */
#define HELPERS_MAX 4

struct helper {
    int fd;
    int done; /* closed when the line is written */
    size_t len;
    char line[TELL_MAX];
};

/* The count of helpers is global, since a helper may outlive every struct of the loop. */
static atomic_uint helpers;

static void *helper_write(void *arg)
{
    struct helper *helper = arg;
    sigset_t all;

    sigfillset(&all); /* SIGXFSZ would end the program */
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    (void)!write(helper->fd, helper->line, helper->len);
    close(helper->fd);
    close(helper->done);
    free(helper);
    atomic_fetch_sub(&helpers, 1);
    return NULL;
}

static void helper_start(struct helper *helper)
{
    pthread_t thread;

    if (atomic_fetch_add(&helpers, 1) < HELPERS_MAX && helper->fd >= 0 &&
        pthread_create(&thread, NULL, helper_write, helper) == 0) {
        pthread_detach(thread);
        return;
    }
    atomic_fetch_sub(&helpers, 1);
    if (helper->fd >= 0)
        close(helper->fd);
    close(helper->done);
    free(helper);
}

/* A thread writes where each kind of write may wait. For a regular file most file systems
 * refuse RWF_NOWAIT, and another process may hold the file's locks while it writes from memory
 * that the mount has to fill. */
static void tell_by_helper(int fd, const char *line, size_t len)
{
    int done[2];
    struct helper *helper = malloc(sizeof *helper);

    if (!helper || pipe2(done, O_CLOEXEC) != 0) {
        free(helper);
        return;
    }
    *helper = (struct helper){
        .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0),
        .done = done[1],
        .len = len,
    };
    memcpy(helper->line, line, len);
    helper_start(helper);
    (void)poll(&(struct pollfd){.fd = done[0]}, 1, HELPER_WAIT_MS);
    close(done[0]);
}

/* The system call, since musl before 1.2.5 has no pwritev2(). */
static ssize_t write_now(int fd, const char *line, size_t len)
{
    struct iovec text = {.iov_base = (char *)line, .iov_len = len};
    return syscall(SYS_pwritev2, fd, &text, 1L, -1L, -1L, RWF_NOWAIT);
}

static void tell_pipe(int fd, const char *line, size_t len)
{
    if (write_now(fd, line, len) < 0 && errno == EOPNOTSUPP)
        tell_by_helper(fd, line, len); /* Linux before 6.5 has no RWF_NOWAIT for pipes */
}

static void tell_terminal(int fd, const char *line, size_t len)
{
    struct termios mode;

    if (tcgetattr(fd, &mode) == 0 && (mode.c_lflag & ICANON))
        (void)!write(fd, line, len);
}

void tell(int fd, const char *line, size_t len)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return;
    if (len > TELL_MAX)
        len = TELL_MAX;
    if (S_ISFIFO(st.st_mode))
        tell_pipe(fd, line, len);
    else if (S_ISSOCK(st.st_mode))
        (void)send(fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    else if (S_ISCHR(st.st_mode))
        tell_terminal(fd, line, len);
    else if (S_ISREG(st.st_mode))
        tell_by_helper(fd, line, len);
}
