/*
 * Messages to the person who runs the program: stderr in front, syslog in the background.
 *
 * A log that is full, or whose reader hangs, holds nobody up: the message is dropped, and the
 * next message that gets through tells how many were dropped.
 *
 * No value and no token may be in a message, nor a server's text that did not pass
 * text_printable().
 */
#ifndef GHSECRETFS_LOG_H
#define GHSECRETFS_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_DEBUG };

/* Messages above this level are left out. The level at the start is LOG_LEVEL_WARNING. */
void log_set_level(enum log_level level);

/* From now on messages go to syslog (facility daemon, with the pid), whose socket is at `path`.
 * The log keeps the pointer. */
#define LOG_SYSLOG_PATH "/dev/log"
void log_to_syslog(const char *path);

/* From now on `filter` gets every text before the text is written, and may shorten the text to
 * take out what nobody may see. NULL: no filter. */
void log_filter(void (*filter)(void *arg, char *text), void *arg);

/* Writes a library's own message, unchanged, to standard error. */
void log_verbatim(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* How many messages were dropped since the start. */
uint64_t log_dropped(void);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
