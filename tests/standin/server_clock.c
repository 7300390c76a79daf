#include "server_clock.h"

static struct timespec start;

void clock_start(void)
{
    clock_gettime(CLOCK_MONOTONIC, &start);
}

double clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start.tv_sec) * 1e3 +
           (double)(now.tv_nsec - start.tv_nsec) / 1e6;
}

void clock_iso(time_t when, char out[static CLOCK_ISO_SIZE])
{
    struct tm tm;

    gmtime_r(&when, &tm);
    strftime(out, CLOCK_ISO_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

void clock_http(time_t when, char out[static CLOCK_HTTP_SIZE])
{
    struct tm tm;

    gmtime_r(&when, &tm);
    strftime(out, CLOCK_HTTP_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}
