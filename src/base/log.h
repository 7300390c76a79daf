/*
 * Messages to the person who runs the program: stderr in front, syslog in the background.
 *
 * A log that is full, or whose reader hangs, holds nobody up: the message is dropped, and the
 * next one that gets through tells how many were.
 *
 * Never give these a value or a token, nor a server's text that did not pass
 * text_printable().
 */
#ifndef GHSECRETFS_LOG_H
#define GHSECRETFS_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_DEBUG };

/* Messages above this level are dropped. Starts at LOG_LEVEL_WARNING. */
void log_set_level(enum log_level level);

/* From now on to syslog (facility daemon, with the pid), whose socket is at `path`, borrowed.
 */
#define LOG_SYSLOG_PATH "/dev/log"
void log_to_syslog(const char *path);

/* From now on every text passes `filter` before it is written, which may shorten the text: for
 * what nobody may see. NULL: none. */
void log_filter(void (*filter)(void *arg, char *text), void *arg);

/* A library's own words, as they are, to standard error. */
void log_verbatim(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* Messages that nobody took: no call in here waits. Since the start. */
uint64_t log_dropped(void);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
