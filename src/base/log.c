#include "base/log.h"

#include <stdarg.h>
#include <syslog.h>

static enum log_level max_level = LOG_LEVEL_WARNING;
static bool use_syslog;

void log_set_level(enum log_level level)
{
    max_level = level;
}

void log_to_syslog(void)
{
    openlog("ghsecretfs", LOG_PID, LOG_DAEMON);
    use_syslog = true;
}

__attribute__((format(printf, 2, 0))) static void log_message(
    enum log_level level, const char *format, va_list args)
{
    static const int priority[] = {
        [LOG_LEVEL_ERROR] = LOG_ERR,
        [LOG_LEVEL_WARNING] = LOG_WARNING,
        [LOG_LEVEL_DEBUG] = LOG_DEBUG,
    };

    if (level > max_level)
        return;
    if (use_syslog) {
        vsyslog(priority[level], format, args);
        return;
    }
    /* One write a message, so that lines of several processes do not mix. */
    char line[1024];
    int head = snprintf(line, sizeof line, "ghsecretfs: ");
    int body = vsnprintf(line + head, sizeof line - (size_t)head, format, args);
    if (body < 0)
        return;
    fprintf(stderr, "%s\n", line);
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
