#include "github/github.h"

#include <errno.h>

#include "github/client.h"
#include "github/key.h"

/* GitHub's limit on requests at once (evidence §1.9). */
#define CONCURRENCY_MAX 100

static char *copy_or_null(const char *text)
{
    return text ? strdup(text) : NULL;
}

int github_new(struct loop *loop, const struct github_options *options, struct github **ret)
{
    struct github *gh = calloc(1, sizeof *gh);
    if (!gh)
        return -ENOMEM;
    gh->loop = loop;
    gh->credentials = options->credentials;
    gh->max_requests = options->max_requests;
    gh->paced = options->paced;
    pace_init(&gh->pace, loop_now_ms());
    if (gh->paced && gh->max_requests > CONCURRENCY_MAX)
        gh->max_requests = CONCURRENCY_MAX;
    gh->base_url = strdup(options->base_url);
    gh->user_agent = strdup(options->user_agent);
    gh->api_version = copy_or_null(options->api_version);
    gh->ca_file = copy_or_null(options->ca_file);
    gh->ca_dir = copy_or_null(options->ca_dir);
    limit_init(&gh->limit);

    int err = -ENOMEM;
    if (gh->base_url && gh->user_agent) {
        struct http_options http = {
            .user_agent = gh->user_agent,
            .ca_file = gh->ca_file,
            .ca_dir = gh->ca_dir,
            .ca_file_alone = options->ca_file_alone,
            .max_connections = gh->max_requests,
        };
        err = http_new(loop, &http, &gh->http);
    }
    if (err) {
        github_free(gh);
        return err;
    }
    *ret = gh;
    return 0;
}

void github_free(struct github *gh)
{
    if (!gh)
        return;
    gh->max_requests = 0; /* no request starts while the others are cancelled */
    keys_free(gh);
    while (gh->requests)
        request_cancel(gh->requests);
    http_free(gh->http);
    free(gh->base_url);
    free(gh->user_agent);
    free(gh->api_version);
    free(gh->ca_file);
    free(gh->ca_dir);
    free(gh);
}

struct github_status github_status(const struct github *gh)
{
    struct github_status status = gh->status;
    struct http_stats http = http_stats(gh->http);

    status.base_url = gh->base_url;
    status.in_flight = gh->in_flight;
    status.connections = http.connections;
    status.bytes_sent = http.bytes_sent;
    status.bytes_received = http.bytes_received;
    status.points_left = gh->paced ? (int)pace_left(&gh->pace, loop_now_ms()) : -1;
    status.limit = gh->limit.requests;
    status.limit_remaining = gh->limit.remaining;
    status.limit_reset = gh->limit.reset;
    status.limited_for_ms = limit_left_ms(&gh->limit);
    return status;
}

uint64_t github_now_ms(const struct github *gh)
{
    return clock_now_ms(&gh->clock);
}

void github_hide_token(const struct github *gh, char *text)
{
    if (!gh)
        return;
    const struct locked *token = gh->credentials.token(gh->credentials.context);
    text_hide(text, (const char *)token->data, token->len);
}

unsigned github_token_generation(const struct github *gh)
{
    return gh->token_generation;
}
