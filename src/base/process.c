#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/libc.h"
#include "base/mounts.h"

/* Unix98 pty slaves: Documentation/admin-guide/devices.txt. */
#define PTS_MAJOR_FIRST 136
#define PTS_MAJOR_LAST 143

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* The errno of a read of /proc, negative; -ESRCH in place of ENOENT: the process has gone. */
static int gone_or(int err)
{
    return err == ENOENT ? -ESRCH : -err;
}

/* The text of a small file of /proc. 0; -ESRCH when the process has gone; or another -errno. */
static int read_proc_at(int dir_fd, const char *path, char *out, size_t size)
{
    size_t used = 0;
    ssize_t n = 0;

    int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return gone_or(errno);
    while (used < size - 1 && (n = read(fd, out + used, size - 1 - used)) > 0)
        used += (size_t)n;
    int err = n < 0 ? gone_or(errno) : used == 0 ? -ESRCH : 0;
    close(fd);
    out[used] = '\0';
    return err;
}

static int read_proc(pid_t pid, const char *name, char *out, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return read_proc_at(AT_FDCWD, path, out, size);
}

/* The text after "NAME:" at the beginning of a line, or NULL. */
static const char *field(const char *text, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, len) == 0 && line[len] == ':')
            return line + len + 1 + strspn(line + len + 1, " \t");
    }
    return NULL;
}

#define STATUS_SIZE 8192

/* Sets `ret` to a number of `status`; to 0 where `status` has no such number, or the process
 * has gone. 0 or -errno. */
static int status_number(pid_t pid, const char *name, pid_t *ret)
{
    char status[STATUS_SIZE];
    int err = read_proc(pid, "status", status, sizeof status);
    const char *value = err ? NULL : field(status, name);

    *ret = value ? (pid_t)strtol(value, NULL, 10) : 0;
    return err == -ESRCH ? 0 : err;
}

pid_t process_group_of(pid_t tid)
{
    pid_t tgid;
    return status_number(tid, "Tgid", &tgid) == 0 && tgid > 0 ? tgid : tid;
}

int process_can_look(void)
{
    int fds[3]; /* for a directory, a file in the directory, and a file that a library opens */
    unsigned count = 0;
    int err = 0;

    while (count < LENGTH(fds) && !err) {
        fds[count] = open("/proc/self/fdinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fds[count] < 0)
            err = -errno;
        else
            count++;
    }
    while (count > 0)
        close(fds[--count]);
    return err;
}

int process_line_of(pid_t tgid, struct process_line *ret)
{
    int err = 0;

    ret->count = 0;
    while (!err && tgid > 1 && ret->count < LENGTH(ret->pid)) {
        ret->pid[ret->count++] = tgid;
        err = status_number(tgid, "PPid", &tgid);
    }
    ret->is_whole = !err && tgid == 1;
    return err;
}

bool process_is_gone(pid_t tgid)
{
    char status[STATUS_SIZE];
    return read_proc(tgid, "status", status, sizeof status) == -ESRCH;
}

int process_scan_start(struct process_scan *scan, pid_t tgid, uint64_t ino)
{
    char path[64];

    *scan = (struct process_scan){.ino = ino};
    snprintf(path, sizeof path, "/proc/%d/fdinfo", (int)tgid);
    scan->dir = opendir(path);
    if (scan->dir)
        return 0;
    int err = gone_or(errno);
    return err == -ESRCH ? 0 : err;
}

void process_scan_end(struct process_scan *scan)
{
    if (scan->dir)
        closedir(scan->dir);
    scan->dir = NULL;
}

static void count_file(struct process_scan *scan, const struct process_file *file)
{
    for (unsigned i = 0; i < scan->count; i++)
        if (scan->file[i].position == file->position && scan->file[i].flags == file->flags)
            return;
    if (scan->count < LENGTH(scan->file))
        scan->file[scan->count++] = *file;
}

/* The text is "pos: ...\nflags: ...\nmnt_id: ...\nino: ...\n". */
static int look_at_descriptor(struct process_scan *scan, const char *name)
{
    char text[1024];
    int err = read_proc_at(dirfd(scan->dir), name, text, sizeof text);
    if (err)
        return err == -ESRCH ? 0 : err; /* -ESRCH: the descriptor was closed meanwhile */
    const char *ino = field(text, "ino"), *position = field(text, "pos"),
               *flags = field(text, "flags");
    if (!ino || !position || !flags || strtoull(ino, NULL, 10) != scan->ino)
        return 0;
    const struct process_file file = {
        .position = strtoull(position, NULL, 10),
        /* O_CLOEXEC is the descriptor's, and all other flags are the open file's. */
        .flags = strtoul(flags, NULL, 8) & ~(unsigned long)O_CLOEXEC,
    };
    if ((file.flags & O_ACCMODE) != O_RDONLY)
        count_file(scan, &file);
    return 0;
}

int process_scan_go_on(struct process_scan *scan, unsigned *descriptors)
{
    for (; scan->dir && *descriptors > 0; --*descriptors) {
        errno = 0;
        const struct dirent *entry = readdir(scan->dir);
        int err = entry ? 0 : errno && errno != ENOENT ? gone_or(errno) : -ESRCH;
        if (!err && entry->d_name[0] != '.')
            err = look_at_descriptor(scan, entry->d_name);
        if (err)
            process_scan_end(scan);
        if (err && err != -ESRCH)
            return err;
    }
    return 0;
}

void process_name(pid_t tid, char out[static 16])
{
    if (read_proc(tid, "comm", out, 16) != 0)
        out[0] = '\0';
    out[strcspn(out, "\n")] = '\0';
}

/* Field 52 of stat. Fields are counted from the last ')', since a name may have blanks and
 * parentheses. */
static int exit_code(pid_t tid, int *ret)
{
    char stat[2048];
    int err = read_proc(tid, "stat", stat, sizeof stat);
    if (err)
        return err;
    const char *at = strrchr(stat, ')');
    for (int i = 2; at && i < 52; i++)
        at = strchr(at + 1, ' ');
    *ret = at ? (int)strtol(at + 1, NULL, 10) : 0;
    return 0;
}

int process_failure(pid_t tid, int *ret_status)
{
    char status[STATUS_SIZE];
    int code = 0;

    int err = read_proc(tid, "status", status, sizeof status);
    if (!err && !field(status, "VmSize"))
        err = exit_code(tid, &code);
    *ret_status = code;
    return err == -ESRCH ? 0 : err;
}

static uint64_t signal_set(const char *status, const char *name)
{
    const char *value = field(status, name);
    return value ? strtoull(value, NULL, 16) : 0;
}

static uint64_t bit(int signal)
{
    return UINT64_C(1) << (signal - 1);
}

/* The signals whose default action does not end a process: signal(7). */
static uint64_t survivable_signals(void)
{
    return bit(SIGCHLD) | bit(SIGCONT) | bit(SIGSTOP) | bit(SIGTSTP) | bit(SIGTTIN) |
           bit(SIGTTOU) | bit(SIGURG) | bit(SIGWINCH);
}

enum process_interrupt process_interrupted(pid_t tid)
{
    char status[STATUS_SIZE];

    if (read_proc(tid, "status", status, sizeof status) != 0)
        return PROCESS_GOES_ON;
    uint64_t pending = signal_set(status, "SigPnd") | signal_set(status, "ShdPnd");
    uint64_t caught = signal_set(status, "SigCgt");
    uint64_t open = pending & ~signal_set(status, "SigBlk") & ~signal_set(status, "SigIgn");
    /* The kernel turns a deadly signal into SIGKILL at once; but not a signal that dumps core,
     * and not a signal that comes while another one is pending. */
    if ((pending & bit(SIGKILL)) || (open & ~caught & ~survivable_signals()))
        return PROCESS_DIES;
    if (open & caught & bit(SIGINT))
        return PROCESS_STOPS;
    return PROCESS_GOES_ON;
}

/* Is the process's standard error open for writing? */
static bool writes_stderr(pid_t tgid)
{
    char text[1024];
    const char *flags =
        read_proc(tgid, "fdinfo/2", text, sizeof text) == 0 ? field(text, "flags") : NULL;
    return flags && (strtol(flags, NULL, 8) & O_ACCMODE) != O_RDONLY;
}

/* Asks no file system, since the file may be of our own mount. */
static bool look_at_fd(int fd, struct statx *ret)
{
    return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
               STATX_TYPE | STATX_INO | STATX_MNT_ID, ret) == 0;
}

static bool is_same_file(const struct statx *a, const struct statx *b)
{
    return a->stx_ino == b->stx_ino && a->stx_dev_major == b->stx_dev_major &&
           a->stx_dev_minor == b->stx_dev_minor;
}

static bool is_terminal(const struct statx *st)
{
    return S_ISCHR(st->stx_mode) && st->stx_rdev_major >= PTS_MAJOR_FIRST &&
           st->stx_rdev_major <= PTS_MAJOR_LAST;
}

/* The link in /proc of an anonymous pipe is "pipe:[INODE]", that of a named pipe is a path. */
static bool is_anonymous_pipe(int path_fd, const struct statx *st)
{
    char path[64], target[8];

    snprintf(path, sizeof path, "/proc/self/fd/%d", path_fd);
    return S_ISFIFO(st->stx_mode) && readlink(path, target, sizeof target) >= 6 &&
           memcmp(target, "pipe:[", 6) == 0;
}

/* The close of another socket may wait until an internet connection's last bytes are sent. */
static bool is_local_socket(int fd)
{
    int domain;
    socklen_t size = sizeof domain;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

/*
 * Takes the process's own open file, of which `seen` was learnt before. Meanwhile another
 * thread of the process may have made descriptor 2 another file. A file of our own mount could
 * never be closed, since close waits for our own answer. So any file but the one of `seen` is
 * left open.
 */
static int take_stderr(pid_t tgid, const struct statx *seen)
{
    struct statx st;
    int pidfd = process_watch(tgid);
    if (pidfd < 0)
        return -1;
    int fd = (int)syscall(SYS_pidfd_getfd, pidfd, STDERR_FILENO, 0);
    close(pidfd);
    if (fd < 0 || !look_at_fd(fd, &st) || !is_same_file(&st, seen))
        return -1;
    if (!S_ISSOCK(st.stx_mode) || is_local_socket(fd))
        return fd;
    close(fd);
    return -1;
}

static int reopen(int path_fd)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/self/fd/%d", path_fd);
    return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* A terminal or pipe is opened again, with O_NONBLOCK, so that a write never waits. The
 * process's own open file is taken where opening again is not possible. */
static int open_or_take(pid_t tgid, int path_fd)
{
    struct statx st;

    if (!look_at_fd(path_fd, &st))
        return -1;
    if (is_terminal(&st))
        return reopen(path_fd);
    if (is_anonymous_pipe(path_fd, &st)) {
        int fd = reopen(path_fd);
        return fd < 0 && errno == EACCES ? take_stderr(tgid, &st) : fd;
    }
    bool may_be_taken =
        S_ISSOCK(st.stx_mode) ||
        (S_ISREG(st.stx_mode) && (st.stx_mask & STATX_MNT_ID) && mount_is_local(st.stx_mnt_id));
    return may_be_taken ? take_stderr(tgid, &st) : -1;
}

int process_open_stderr(pid_t tgid)
{
    char path[64];

    if (!writes_stderr(tgid))
        return -1;
    snprintf(path, sizeof path, "/proc/%d/fd/2", (int)tgid);
    int path_fd = open(path, O_PATH | O_CLOEXEC);
    if (path_fd < 0)
        return -1;
    int fd = open_or_take(tgid, path_fd);
    close(path_fd);
    return fd;
}

int process_watch(pid_t tgid)
{
    int fd = (int)syscall(SYS_pidfd_open, tgid, 0);
    return fd < 0 ? -errno : fd;
}

/* What <linux/pidfd.h> calls struct pidfd_info, in its first size; headers have it from Linux
 * 6.13 on. */
struct ended {
    uint64_t mask, cgroup;
    uint32_t ids[11];
    int32_t wait_status;
};
#define PIDFD_ENDED _IOWR(0xff, 11, struct ended)
#define PIDFD_ENDED_STATUS (1u << 3)

int process_end_status(int pidfd, pid_t tgid)
{
    struct ended ended = {.mask = PIDFD_ENDED_STATUS};
    int status;

    if (process_failure(tgid, &status) == 0 && status)
        return status; /* nobody has waited for it yet */
    bool is_told = ioctl(pidfd, PIDFD_ENDED, &ended) == 0 && ended.mask & PIDFD_ENDED_STATUS;
    return is_told ? ended.wait_status : 0;
}
