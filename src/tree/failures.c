#include "tree/failures.h"

#include <time.h>

#include "base/libc.h"
#include "base/log.h"
#include "github/url.h"
#include "tree/node.h"

/* Enough for a path of NAME_MAX parts' usual length and all that a failure says. */
#define LINE_MAX_SIZE 2048

static int format_line(
    struct buffer *line, const char *operation, const char *path, const struct failure *why)
{
    const char *name = libc_errno_name(-why->err);
    char printable[512];

    text_printable(printable, sizeof printable, path, strlen(path));
    int err = buffer_printf(line, "%s %s: %s", operation, printable, name ? name : "?");
    if (!err && why->status)
        err = buffer_printf(line, " (HTTP %ld)", why->status);
    if (!err && why->message[0])
        err = buffer_printf(line, ": %s", why->message);
    if (!err && why->wanted[0])
        err = buffer_printf(line, " [needs permission: %s]", why->wanted);
    if (!err && why->request_id[0])
        err = buffer_printf(line, " [request %s]", why->request_id);
    return err;
}

void failures_add(struct failures *failures, const char *operation, const char *path,
    const struct failure *why)
{
    char when[24];
    char *whole = NULL;
    struct buffer line;

    buffer_init(&line, LINE_MAX_SIZE);
    if (format_line(&line, operation, path, why) == 0) {
        log_warning("%s", line.data);
        text_from_time(when, (int64_t)time(NULL));
        if (asprintf(&whole, "%s %s\n", when, line.data) < 0)
            whole = NULL;
    }
    buffer_release(&line);
    if (!whole)
        return;
    free(failures->line[failures->next]);
    failures->line[failures->next] = whole;
    failures->next = (failures->next + 1) % FAILURES_KEPT;
    failures->count++;
}

void failures_add_at(struct failures *failures, const char *operation, const struct node *node,
    const char *name, const struct failure *why)
{
    struct buffer path;

    buffer_init(&path, URL_MAX);
    int err = node ? node_tree_path(node, &path) : 0;
    if (!err && *name && path.len > 0)
        err = buffer_add_string(&path, "/");
    if (!err)
        err = buffer_add_string(&path, name);
    failures_add(failures, operation, err || path.len == 0 ? "/" : path.data, why);
    buffer_release(&path);
}

int failures_read(const struct failures *failures, struct buffer *ret)
{
    for (unsigned i = 0; i < FAILURES_KEPT; i++) {
        const char *line = failures->line[(failures->next + i) % FAILURES_KEPT];
        int err = line ? buffer_add_string(ret, line) : 0;
        if (err)
            return err;
    }
    return 0;
}

void failures_release(struct failures *failures)
{
    for (unsigned i = 0; i < FAILURES_KEPT; i++)
        free(failures->line[i]);
    *failures = (struct failures){0};
}
