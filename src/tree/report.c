#include "tree/report.h"

#include <inttypes.h>

#include "base/log.h"
#include "nodes/tree.h"

int report_errors(struct tree *tree, struct buffer *ret)
{
    return failures_read(&tree->failures, ret);
}

static int report_limit(const struct github_status *s, struct buffer *ret)
{
    char reset[24];
    int err = 0;

    if (s->points_left >= 0)
        err = buffer_printf(ret, "budget: %d points left for now (a read takes 1, a write 5)\n",
            s->points_left);
    if (err)
        return err;
    if (s->limit < 0)
        return buffer_add_string(ret, "rate limit: none seen\n");
    text_from_time(reset, s->limit_reset);
    err = buffer_printf(ret, "rate limit: %" PRId64 " of %" PRId64 " left, reset at %s\n",
        s->limit_remaining, s->limit, reset);
    if (!err && s->limited_for_ms)
        err = buffer_printf(
            ret, "rate limited: for %" PRIu64 " s more\n", s->limited_for_ms / 1000 + 1);
    return err;
}

static int report_traffic(const struct github_status *s, struct buffer *ret)
{
    return buffer_printf(ret,
        "requests: %" PRIu64 " sent, %" PRIu64 " of them retries, %" PRIu64
        " not modified, %" PRIu64 " failed, %u in flight, %u queued\n"
        "connections: %" PRIu64 " opened, %" PRIu64 " bytes sent, %" PRIu64 " received\n",
        s->requests, s->retries, s->not_modified, s->failed, s->in_flight, s->queued,
        s->connections, s->bytes_sent, s->bytes_received);
}

int report_status(struct tree *tree, struct buffer *ret)
{
    const struct github_status s = github_status(tree->github);
    const char *login = tree_login(tree);

    int err = buffer_printf(ret, "host: %s\napi: %s\nlogin: %s\ntoken: from %s\n",
        tree->options.host, s.base_url, login[0] ? login : "(none: an app's token)",
        tree->options.token_origin);
    if (!err)
        err = report_limit(&s, ret);
    if (!err)
        err = report_traffic(&s, ret);
    if (!err)
        err = buffer_printf(ret,
            "cache: %u files and directories known\n"
            "locked memory: %zu bytes in use\n"
            "failures: %lu since the start\n"
            "log: %" PRIu64 " messages dropped\n",
            tree->nodes.count, locked_in_use(), tree->failures.count, log_dropped());
    if (!err && tree->sso_hidden)
        err = buffer_printf(
            ret, "single sign-on: %u organizations are hidden\n", tree->sso_hidden);
    if (!err) {
        github_hide_token(tree->github, ret->data); /* the login is the server's word */
        ret->len = strlen(ret->data);
    }
    return err;
}
