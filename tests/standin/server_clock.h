/*
 * The two clocks of the server: milliseconds since it started, which order requests, and
 * the time of day, which its answers carry.
 */
#ifndef STANDIN_SERVER_CLOCK_H
#define STANDIN_SERVER_CLOCK_H

#include <time.h>

/* Marks the start; called once, before any thread. */
void clock_start(void);

/* Monotonic milliseconds since clock_start(). */
double clock_ms(void);

/* "2026-01-02T03:04:05Z", as the API writes dates. */
enum { CLOCK_ISO_SIZE = 32 };
void clock_iso(time_t when, char out[static CLOCK_ISO_SIZE]);

/* "Fri, 02 Jan 2026 03:04:05 GMT", as HTTP's Date does. */
enum { CLOCK_HTTP_SIZE = 64 };
void clock_http(time_t when, char out[static CLOCK_HTTP_SIZE]);

#endif
