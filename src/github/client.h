/*
 * The inside of `struct github`, for the files of src/github only.
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
    char *api_version; /* NULL: no version is sent, or the server did not know the version */
    unsigned max_requests;

    struct request *requests; /* every request, in the order in which they were started */
    struct request *queue; /* the requests that wait until fewer than max_requests are sent */
    unsigned in_flight;    /* requests with an exchange under way */

    bool paced;
    struct pace pace;
    struct clock clock; /* of the deadlines; stands still while a request waits for points */
    struct limit limit;

    /* Reading the token again, once for all requests whose token was refused. */
    unsigned token_generation; /* how often the token was read again */
    bool token_reading;
    struct waiters token_waiters;
    uint64_t token_read_ms;  /* loop_now_ms() when the last reading began; 0: never */
    uint64_t token_pause_ms; /* at least so long from the start of one reading to the next */
    bool token_accepted;     /* the server has accepted the token since the last reading */

    struct key *keys; /* a hash table, by scope */
    struct github_status status;
};

#endif
