#include "nodes/failures.h"

#include <time.h>

#include "base/libc.h"
#include "base/log.h"
#include "base/loop.h"
#include "github/github.h"
#include "github/url.h"
#include "nodes/node.h"

/* Bytes: enough for a path of a few names of NAME_MAX and for all members of a failure. */
#define LINE_MAX_SIZE 2048
/* How often the log gets a line of a failure that repeats. */
#define LOGGED_EVERY_MS 60000

static int format_line(const struct failures *failures, struct buffer *line,
    const char *operation, const char *path, const struct failure *why)
{
    const char *name = libc_errno_name(-why->err);
    char hidden[URL_MAX], printable[512];

    snprintf(hidden, sizeof hidden, "%s", path);
    github_hide_token(failures->github, hidden);
    text_printable(printable, sizeof printable, hidden, strlen(hidden));
    int err = buffer_printf(line, "%s %s: %s", operation, printable, name ? name : "?");
    if (!err && why->status)
        err = buffer_printf(line, " (HTTP %ld)", why->status);
    if (!err && why->message[0])
        err = buffer_printf(line, ": %s", why->message);
    if (!err && why->wanted[0])
        err = buffer_printf(line, " [needs permission: %s]", why->wanted);
    /* A long message may have the URL cut off. */
    if (!err && why->url[0] && !strstr(why->message, why->url))
        err = buffer_printf(line, " [see %s]", why->url);
    if (!err)
        github_hide_token(failures->github, line->data);
    return err;
}

static int add_line(const struct failure_line *line, struct buffer *ret)
{
    char since[24];
    int err = buffer_add_string(ret, line->text);
    if (!err && line->request_id[0])
        err = buffer_printf(ret, " [request %s]", line->request_id);
    if (!err && line->times > 1) {
        text_from_time(since, line->first);
        err = buffer_printf(ret, " (%lu times since %s)", line->times, since);
    }
    return err;
}

static void log_line(struct failure_line *line)
{
    uint64_t now = loop_now_ms();
    struct buffer text;

    if (line->times > 1 && now < line->logged_ms + LOGGED_EVERY_MS)
        return;
    line->logged_ms = now;
    buffer_init(&text, 2 * LINE_MAX_SIZE);
    if (add_line(line, &text) == 0)
        log_warning("%s", text.data);
    buffer_release(&text);
}

static struct failure_line take_out(struct failures *failures, unsigned i)
{
    struct failure_line line = failures->lines[i];
    failures->kept--;
    memmove(failures->lines + i, failures->lines + i + 1,
        (failures->kept - i) * sizeof *failures->lines);
    return line;
}

/* The line whose text is `text`, taken out of its place, so that the caller can put the line
 * behind the others; a new line if there is none. Takes over `text`. */
static struct failure_line take_line(struct failures *failures, char *text, int64_t now)
{
    for (unsigned i = failures->kept; i-- > 0;) {
        if (strcmp(failures->lines[i].text, text) != 0)
            continue;
        free(text);
        return take_out(failures, i);
    }
    if (failures->kept == FAILURES_KEPT)
        free(take_out(failures, 0).text);
    return (struct failure_line){.text = text, .first = now};
}

void failures_add(struct failures *failures, const char *operation, const char *path,
    const struct failure *why)
{
    int64_t now = (int64_t)time(NULL);
    struct buffer text;

    buffer_init(&text, LINE_MAX_SIZE);
    failures->count++;
    if (format_line(failures, &text, operation, path, why) != 0) {
        buffer_release(&text);
        failures->lost++;
        failures->lost_at = now;
        log_warning("%s: no memory for the line that tells of a failure", operation);
        return;
    }
    struct failure_line line = take_line(failures, buffer_steal(&text), now);
    line.last = now;
    line.times++;
    memcpy(line.request_id, why->request_id, sizeof line.request_id);
    log_line(&line);
    failures->lines[failures->kept++] = line;
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
    const char *known = *name ? name : node ? node->name : "?";
    failures_add(failures, operation, err ? known : path.len == 0 ? "/" : path.data, why);
    buffer_release(&path);
}

int failures_read(const struct failures *failures, struct buffer *ret)
{
    char when[24];
    int err = 0;

    for (unsigned i = 0; !err && i < failures->kept; i++) {
        text_from_time(when, failures->lines[i].last);
        err = buffer_printf(ret, "%s ", when);
        if (!err)
            err = add_line(&failures->lines[i], ret);
        if (!err)
            err = buffer_add_string(ret, "\n");
    }
    if (!err && failures->lost > 0) {
        text_from_time(when, failures->lost_at);
        err =
            buffer_printf(ret, "%s errors .ghsecretfs/errors: ENOMEM: no memory for %lu more\n",
                when, failures->lost);
    }
    return err;
}

void failures_release(struct failures *failures)
{
    for (unsigned i = 0; i < failures->kept; i++)
        free(failures->lines[i].text);
    *failures = (struct failures){0};
}
