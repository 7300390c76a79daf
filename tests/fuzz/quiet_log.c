/*
 * Stands in for base/log.c: what would be said to a person must be one printable line.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "fuzz.h"

__attribute__((format(printf, 1, 0))) static void check(const char *format, va_list args)
{
    char *line = NULL;
    REQUIRE(vasprintf(&line, format, args) > 0);
    REQUIRE(is_printable_line(line));
    free(line);
}

#define DEFINE_LOG(name) \
    void name(const char *format, ...) \
    { \
        va_list args; \
        va_start(args, format); \
        check(format, args); \
        va_end(args); \
    }

DEFINE_LOG(log_error)
DEFINE_LOG(log_warning)
DEFINE_LOG(log_debug)

void log_set_level(enum log_level level)
{
    (void)level;
}

void log_to_syslog(const char *path)
{
    (void)path;
}

void log_filter(void (*filter)(void *arg, char *text), void *arg)
{
    (void)filter, (void)arg;
}

void log_verbatim(const char *format, va_list args)
{
    (void)format, (void)args;
}

uint64_t log_dropped(void)
{
    return 0;
}
