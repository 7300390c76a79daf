/*
 * The inside of `struct github`, for this layer's own files.
 */
#ifndef GHSECRETFS_CLIENT_H
#define GHSECRETFS_CLIENT_H

#include "github/clock.h"
#include "github/github.h"
#include "github/http.h"
#include "github/limit.h"
#include "github/pace.h"
#include "github/request.h"

struct key;

struct github {
    struct loop *loop;
    struct http *http;
    struct credentials credentials;
    char *base_url, *user_agent, *ca_file, *ca_dir;
    char *api_version; /* NULL once the server did not know it */
    unsigned max_requests;

    struct request *requests; /* all, in the order of their start */
    struct request *queue;    /* those that wait for a free place */
    unsigned in_flight;

    bool paced;
    struct pace pace;
    struct clock clock; /* stands still for requests that wait for points */
    struct limit limit;

    /* Reading the token again, once for all who were refused. */
    unsigned token_generation;
    bool token_reading;
    struct waiters token_waiters;
    uint64_t token_read_ms;  /* when that last began; 0: never */
    uint64_t token_pause_ms; /* so long after that it may begin again */
    bool token_accepted;     /* the server has taken the token since */

    struct key *keys; /* by scope */
    struct github_status status;
};

#endif
