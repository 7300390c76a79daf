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

/* Longer than any message. Shorter than PIPE_BUF, so that lines of several processes do not
 * mix. */
#define LINE_SIZE 3072

/* One log for the whole process, as there is one syslog and one standard error. */
static struct {
    enum log_level max_level;
    const char *syslog_path; /* NULL: messages go to standard error */
    int syslog_fd;           /* -1: not connected */
    uint64_t dropped;        /* messages, since the start */
    uint64_t untold;         /* messages dropped since the last one that was written */
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

/* Sends a datagram at once or not at all. The second try connects again, since a log daemon
 * that was restarted has another socket. */
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

/* Makes a message in the form of RFC 3164, as glibc's syslog(3) does. */
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

/* Other processes share our standard error, and with it the flag O_NONBLOCK, so we must not set
 * the flag. Instead the terminal or pipe behind standard error is opened once more. Where
 * another user owns the terminal or pipe, so that it cannot be opened, poll() tells whether
 * there is room. */
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

/* The number of dropped messages is written before the next message. */
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
