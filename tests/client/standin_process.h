/*
 * A stand-in GitHub of a test's own, and its control interface. Whatever does not work fails
 * the test.
 *
 * JSON is written here with ' for ".
 */
#ifndef TESTS_STANDIN_PROCESS_H
#define TESTS_STANDIN_PROCESS_H

#include <json-c/json.h>
#include <stddef.h>
#include <sys/types.h>

struct standin {
    pid_t pid;
    int input; /* it ends when this is closed */
    int port;
    char url[64];
};

/* Starts $GITHUB_STANDIN. */
void standin_start(struct standin *standin);
void standin_stop(struct standin *standin);

/* POST of `json` to /_standin/`what`. */
void standin_post(const struct standin *standin, const char *what, const char *json);

/* GET of /_standin/`what`, as JSON to json_object_put(). */
struct json_object *standin_get(const struct standin *standin, const char *what);

void standin_delete(const struct standin *standin, const char *what);

/* The value that arrived for the secret with that API path, to free(); NULL: there is none. */
unsigned char *standin_plaintext(
    const struct standin *standin, const char *path, size_t *ret_len);

#endif
