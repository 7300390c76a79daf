#include "base/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/libc.h"

/* Unix98 pty slaves: Documentation/admin-guide/devices.txt. */
#define PTS_MAJOR_FIRST 136
#define PTS_MAJOR_LAST 143

/* The text of a file of /proc, which is small; false when it cannot be read. */
static bool read_proc(pid_t pid, const char *name, char *out, size_t size)
{
    char path[64];
    size_t used = 0;
    ssize_t n;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    while (used < size - 1 && (n = read(fd, out + used, size - 1 - used)) > 0)
        used += (size_t)n;
    close(fd);
    out[used] = '\0';
    return used > 0;
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

static pid_t status_number(pid_t pid, const char *name)
{
    char status[STATUS_SIZE];
    const char *value =
        read_proc(pid, "status", status, sizeof status) ? field(status, name) : NULL;
    return value ? (pid_t)strtol(value, NULL, 10) : 0;
}

pid_t process_group_of(pid_t tid)
{
    pid_t tgid = status_number(tid, "Tgid");
    return tgid > 0 ? tgid : tid;
}

pid_t process_parent(pid_t tgid)
{
    return status_number(tgid, "PPid");
}

bool process_descends(pid_t tgid, pid_t ancestor)
{
    for (int i = 0; i <= 6 && tgid > 1; i++) {
        if (tgid == ancestor)
            return true;
        tgid = process_parent(tgid);
    }
    return false;
}

/* "pos: ...\nflags: ...\nmnt_id: ...\nino: ...\n" */
static bool fdinfo_is(int dir_fd, const char *name, uint64_t ino)
{
    char text[1024];
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    const char *value = field(text, "ino");
    return value && strtoull(value, NULL, 10) == ino;
}

int process_holds(pid_t tgid, uint64_t ino)
{
    char path[64];
    const struct dirent *entry;
    bool found = false;

    snprintf(path, sizeof path, "/proc/%d/fdinfo", (int)tgid);
    DIR *dir = opendir(path);
    if (!dir)
        return errno == ENOENT || errno == ESRCH ? 0 : -errno;
    while (!found && (entry = readdir(dir)))
        found = entry->d_name[0] != '.' && fdinfo_is(dirfd(dir), entry->d_name, ino);
    closedir(dir);
    return found;
}

void process_name(pid_t tid, char out[static 16])
{
    if (!read_proc(tid, "comm", out, 16))
        out[0] = '\0';
    out[strcspn(out, "\n")] = '\0';
}

/* Field 52 of stat, counted from behind the name, which may hold anything. */
static bool exit_code(pid_t tid, int *ret)
{
    char stat[2048];
    if (!read_proc(tid, "stat", stat, sizeof stat))
        return false;
    const char *at = strrchr(stat, ')');
    for (int i = 2; at && i < 52; i++)
        at = strchr(at + 1, ' ');
    if (!at)
        return false;
    *ret = (int)strtol(at + 1, NULL, 10);
    return true;
}

bool process_has_failed(pid_t tid, int *ret_status)
{
    char status[STATUS_SIZE];
    int code;

    if (!read_proc(tid, "status", status, sizeof status) || field(status, "VmSize"))
        return false;
    if (!exit_code(tid, &code) || code == 0)
        return false;
    *ret_status = code;
    return true;
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

/* Those that leave a process alive where it does nothing about them: signal(7). */
static uint64_t survivable_signals(void)
{
    return bit(SIGCHLD) | bit(SIGCONT) | bit(SIGSTOP) | bit(SIGTSTP) | bit(SIGTTIN) |
           bit(SIGTTOU) | bit(SIGURG) | bit(SIGWINCH);
}

enum process_interrupt process_interrupted(pid_t tid)
{
    char status[STATUS_SIZE];

    if (!read_proc(tid, "status", status, sizeof status))
        return PROCESS_GOES_ON;
    uint64_t pending = signal_set(status, "SigPnd") | signal_set(status, "ShdPnd");
    uint64_t caught = signal_set(status, "SigCgt");
    uint64_t open = pending & ~signal_set(status, "SigBlk") & ~signal_set(status, "SigIgn");
    /* The kernel turns a deadly signal into SIGKILL at once, but not one that dumps core, and
     * none that comes while another one is pending. */
    if ((pending & bit(SIGKILL)) || (open & ~caught & ~survivable_signals()))
        return PROCESS_DIES;
    if (open & caught & bit(SIGINT))
        return PROCESS_STOPS;
    return PROCESS_GOES_ON;
}

/* Looks without opening, and without asking a file system: it may be ours. */
static bool is_terminal_or_pipe(int path_fd)
{
    struct statx st;
    if (statx(path_fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) != 0)
        return false;
    if (S_ISFIFO(st.stx_mode))
        return true;
    return S_ISCHR(st.stx_mode) && st.stx_rdev_major >= PTS_MAJOR_FIRST &&
           st.stx_rdev_major <= PTS_MAJOR_LAST;
}

/* Is its standard error open for writing? */
static bool writes_stderr(pid_t tgid)
{
    char text[1024];
    const char *flags =
        read_proc(tgid, "fdinfo/2", text, sizeof text) ? field(text, "flags") : NULL;
    return flags && (strtol(flags, NULL, 8) & O_ACCMODE) != O_RDONLY;
}

int process_open_stderr(pid_t tgid)
{
    char path[64], target[64];

    if (!writes_stderr(tgid))
        return -1;
    snprintf(path, sizeof path, "/proc/%d/fd/2", (int)tgid);
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n < 0)
        return -1;
    target[n] = '\0';
    if (strncmp(target, "pipe:[", 6) != 0 && strncmp(target, "/dev/pts/", 9) != 0)
        return -1;
    int path_fd = open(path, O_PATH | O_CLOEXEC);
    if (path_fd < 0)
        return -1;
    int fd = -1;
    if (is_terminal_or_pipe(path_fd)) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", path_fd);
        fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    }
    close(path_fd);
    return fd;
}

int process_watch(pid_t tgid)
{
    int fd = (int)syscall(SYS_pidfd_open, tgid, 0);
    return fd < 0 ? -errno : fd;
}
