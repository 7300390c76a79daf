#include "tree/report.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "base/container.h"
#include "base/log.h"
#include "nodes/tree.h"

/* Bytes of the longest report: FAILURES_KEPT lines, each of one failure. */
#define REPORT_MAX (1u << 20)

int report_errors(const struct tree *tree, struct buffer *ret)
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

int report_status(const struct tree *tree, struct buffer *ret)
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
        github_hide_token(tree->github, ret->data); /* a server may send the token as a login */
        ret->len = strlen(ret->data);
    }
    return err;
}

/* Open reports */

struct report {
    struct open_file file;
    struct buffer text;
};

static struct report *report_of(struct open_file *file)
{
    return CONTAINER_OF(file, struct report, file);
}

void report_open(struct task *task, int flags, struct open_file **ret)
{
    bool is_read = (flags & O_ACCMODE) == O_RDONLY;
    struct report *report = is_read ? calloc(1, sizeof *report) : NULL;

    if (!report) {
        task->quiet = true;
        task_fail_errno(task, is_read ? -ENOMEM : -EACCES, "a report is only read");
        return;
    }
    open_file_init(&report->file, &open_report, task, task->node, flags);
    buffer_init(&report->text, REPORT_MAX);
    int err = task->node->kind->report(task->tree, &report->text);
    if (err) {
        open_report.close(&report->file);
        task_fail_errno(task, err, strerror(-err));
        return;
    }
    *ret = &report->file;
    task->result = task->node;
    task_finish(task);
}

static void report_text(const struct open_file *file, const char **ret, size_t *ret_len)
{
    const struct report *report = CONTAINER_OF(file, const struct report, file);
    *ret = report->text.data;
    *ret_len = report->text.len;
}

uint64_t report_size(
    const struct tree *tree, const struct node *node, const struct open_file *file, pid_t tid)
{
    struct buffer text;
    (void)file, (void)tid;

    buffer_init(&text, REPORT_MAX);
    (void)!node->kind->report(tree, &text); /* without memory the length is too short */
    uint64_t len = text.len;
    buffer_release(&text);
    return len;
}

static void report_close(struct open_file *file)
{
    struct report *report = report_of(file);

    buffer_release(&report->text);
    open_file_release(file);
    free(report);
}

const struct open_type open_report = {
    .max = REPORT_MAX,
    .text = report_text,
    .release = report_close,
    .close = report_close,
};
