#include "tree/writers.h"

#include <sys/wait.h>

void writers_init(struct writers *writers, pid_t tid)
{
    *writers = (struct writers){.opener = process_group_of(tid)};
}

/* Where in writer[] the process is; `count` when it is not there. */
static unsigned find(const struct writers *writers, pid_t tgid)
{
    unsigned at = 0;
    while (at < writers->count && writers->writer[at].tgid != tgid)
        at++;
    return at;
}

bool writers_include(const struct writers *writers, pid_t tgid)
{
    return tgid == writers->opener || find(writers, tgid) < writers->count;
}

bool writers_may_include(const struct writers *writers, const struct process_line *line)
{
    bool may = writers_include(writers, line->pid[0]);
    for (unsigned i = 1; !may && i < line->count; i++)
        may = line->pid[i] == writers->opener;
    return may;
}

/* A free place in writer[], or the place of a writer that has gone; NULL when all are alive. */
static struct writer *find_place(struct writers *writers)
{
    if (writers->count < WRITERS_MAX)
        return &writers->writer[writers->count++];
    for (unsigned i = 0; i < WRITERS_MAX; i++)
        if (process_is_gone(writers->writer[i].tgid))
            return &writers->writer[i];
    return NULL;
}

static struct writer look_at_writer(const struct writers *writers, pid_t tgid)
{
    struct writer writer = {.tgid = tgid};
    int err = process_line_of(tgid, &writer.line);

    for (unsigned i = 0; i < writer.line.count; i++)
        if (writer.line.pid[i] == writers->opener)
            writer.line.count = i + 1;
    if (err)
        writer.line.count = 0;
    return writer;
}

static void remember(struct writers *writers, const struct writer *writer)
{
    unsigned at = find(writers, writer->tgid);
    struct writer *place = at < writers->count ? &writers->writer[at] : find_place(writers);
    if (place)
        *place = *writer;
    else
        writers->too_many = true;
}

void writers_add(struct writers *writers, pid_t tid)
{
    pid_t tgid = process_group_of(tid);
    unsigned at = find(writers, tgid);

    writers->cut_short = writers->failure = 0; /* the text goes on, whoever failed before */
    if (tgid == writers->last.tgid && writers->last.line.count > 0)
        return;
    if (at < writers->count && writers->writer[at].line.count > 0) {
        writers->last = writers->writer[at];
        return;
    }
    writers->last = look_at_writer(writers, tgid);
    if (tgid != writers->opener)
        remember(writers, &writers->last);
}

/* Is the process the last writer, or in the last writer's line? True of any process while that
 * line is not known. */
static bool is_last_or_above(const struct writers *writers, pid_t tgid)
{
    const struct process_line *line = &writers->last.line;
    bool is = writers->last.tgid > 0 && line->count == 0;

    for (unsigned i = 0; !is && i < line->count; i++)
        is = line->pid[i] == tgid;
    return is;
}

/* In `timeout CMD > F`, CMD is killed by a signal, and then timeout, which has F open too,
 * closes F without an error. So the signal of the last writer is remembered, and that of a
 * shell whose child was the last writer: CMD may be a shell that was killed between two
 * commands. An exit status of either is not remembered: the parent decides what the status
 * means. */
int writers_note_flush(struct writers *writers, pid_t tid)
{
    int err = process_failure(tid, &writers->failure);
    if (!err && WIFSIGNALED(writers->failure) &&
        is_last_or_above(writers, process_group_of(tid)))
        writers->cut_short = writers->failure;
    return err;
}

int writers_failure(const struct writers *writers, int *ret_status)
{
    int status = writers->failure ? writers->failure : writers->cut_short;
    if (!status && writers->last.tgid > 0) {
        int err = process_failure(writers->last.tgid, &status);
        if (err)
            return err;
        if (!WIFSIGNALED(status))
            status = 0;
    }
    *ret_status = status;
    return 0;
}
