/*
 * Why an API call failed, in the form in which callers, `errors` and syslog need it.
 */
#ifndef GHSECRETFS_FAILURE_H
#define GHSECRETFS_FAILURE_H

#include <stdint.h>

/* Contract §3.17: a line with GitHub's reason has at most 200 characters. */
#define FAILURE_MESSAGE_SIZE 201

struct failure {
    int err;                            /* -errno; 0 means that nothing failed */
    long status;                        /* HTTP status; 0 when there was no answer */
    char message[FAILURE_MESSAGE_SIZE]; /* printable; the server's own if the server gave one */
    char request_id[64];                /* X-GitHub-Request-Id, printable, or empty */
    char url[512];                      /* a page where a person can mend the cause, printable,
                                           or empty */
    char wanted[128];                   /* X-Accepted-GitHub-Permissions, printable, or empty */
};

/* Makes `f` a failure of our own, not a server's: the errno and, in printf form, the reason. */
void failure_set(struct failure *f, int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds to the message until when the failure lasts, `wait_ms` from now, as a time of day. (With
 * "in 40 seconds" each repetition of a failure would have other words, and be a line more in
 * `errors`.) */
void failure_tell_end(struct failure *f, uint64_t wait_ms);

#endif
