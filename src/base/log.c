#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* Longer than any message, and shorter than PIPE_BUF: lines of several processes do not mix. */
#define LINE_SIZE 3072

/* Of the whole process, as syslog and stderr are. */
static struct {
    enum log_level max_level;
    const char *syslog_path; /* NULL: to stderr */
    int syslog_fd;           /* -1: not connected */
    uint64_t dropped;        /* since the start */
    uint64_t untold;         /* of these, since the last one that was written */
    void (*filter)(void *arg, char *text);
    void *filter_arg;
} out = {.max_level = LOG_LEVEL_WARNING, .syslog_fd = -1};

void log_set_level(enum log_level level)
{
    out.max_level = level;
}

void log_to_syslog(const char *path)
{
    out.syslog_path = path;
}

void log_filter(void (*filter)(void *arg, char *text), void *arg)
{
    out.filter = filter;
    out.filter_arg = arg;
}

uint64_t log_dropped(void)
{
    return out.dropped;
}

static bool connect_syslog(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", out.syslog_path);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return false;
    }
    out.syslog_fd = fd;
    return true;
}

/* A datagram that goes at once or not at all. A log daemon that was started again has another
 * socket. */
static bool send_datagram(const char *datagram, size_t len)
{
    for (unsigned tries = 0; tries < 2; tries++) {
        if (out.syslog_fd < 0 && !connect_syslog())
            return false;
        if (send(out.syslog_fd, datagram, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            return true;
        if (errno == EAGAIN || errno == ENOBUFS)
            return false;
        close(out.syslog_fd);
        out.syslog_fd = -1;
    }
    return false;
}

/* As RFC 3164 has it, and glibc's syslog(3). */
static bool write_syslog(enum log_level level, const char *line)
{
    static const int priority[] = {
        [LOG_LEVEL_ERROR] = LOG_ERR,
        [LOG_LEVEL_WARNING] = LOG_WARNING,
        [LOG_LEVEL_DEBUG] = LOG_DEBUG,
    };
    char datagram[LINE_SIZE + 100], when[32] = "";
    time_t now = time(NULL);
    struct tm tm;

    if (localtime_r(&now, &tm))
        strftime(when, sizeof when, "%b %e %H:%M:%S", &tm);
    snprintf(datagram, sizeof datagram, "<%d>%s ghsecretfs[%d]: %s",
        LOG_DAEMON | priority[level], when, (int)getpid(), line);
    return send_datagram(datagram, strlen(datagram));
}

/* Standard error is shared with others, so O_NONBLOCK is not ours to set: the same terminal or
 * pipe is opened once more. Where that is another user's, which may not be opened, it is asked
 * whether there is room. */
static bool write_without_waiting(const char *text, size_t len)
{
    struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
    int fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0)
        return poll(&room, 1, 0) == 1 && (room.revents & POLLOUT) &&
               write(STDERR_FILENO, text, len) >= 0;
    ssize_t n = write(fd, text, len);
    close(fd);
    return n >= 0;
}

static bool write_stderr(const char *text, size_t len)
{
    struct stat st;

    if (fstat(STDERR_FILENO, &st) != 0)
        return false;
    if (S_ISREG(st.st_mode))
        return write(STDERR_FILENO, text, len) >= 0;
    if (S_ISSOCK(st.st_mode))
        return send(STDERR_FILENO, text, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
    return write_without_waiting(text, len);
}

static bool write_line(enum log_level level, const char *line)
{
    char whole[LINE_SIZE + 20];

    if (out.syslog_path)
        return write_syslog(level, line);
    int len = snprintf(whole, sizeof whole, "ghsecretfs: %s\n", line);
    return write_stderr(whole, (size_t)len);
}

/* What was dropped is told before what is written again. */
static bool tell_dropped(void)
{
    char line[100];

    if (out.untold == 0)
        return true;
    snprintf(line, sizeof line, "%llu messages were dropped: nobody read them in time",
        (unsigned long long)out.untold);
    if (!write_line(LOG_LEVEL_WARNING, line))
        return false;
    out.untold = 0;
    return true;
}

__attribute__((format(printf, 2, 0))) static void log_message(
    enum log_level level, const char *format, va_list args)
{
    char line[LINE_SIZE];

    if (level > out.max_level || vsnprintf(line, sizeof line, format, args) < 0)
        return;
    if (out.filter)
        out.filter(out.filter_arg, line);
    if (tell_dropped() && write_line(level, line))
        return;
    out.dropped++;
    out.untold++;
}

void log_verbatim(const char *format, va_list args)
{
    char text[LINE_SIZE];
    if (vsnprintf(text, sizeof text, format, args) <= 0)
        return;
    if (out.filter)
        out.filter(out.filter_arg, text);
    if (!write_stderr(text, strlen(text))) {
        out.dropped++;
        out.untold++;
    }
}

#define DEFINE_LOG(name, level) \
    void name(const char *format, ...) \
    { \
        va_list args; \
        va_start(args, format); \
        log_message(level, format, args); \
        va_end(args); \
    }

DEFINE_LOG(log_error, LOG_LEVEL_ERROR)
DEFINE_LOG(log_warning, LOG_LEVEL_WARNING)
DEFINE_LOG(log_debug, LOG_LEVEL_DEBUG)
