#include "tree/writers.h"

#include <sys/wait.h>

void writers_init(struct writers *writers, pid_t tid)
{
    *writers = (struct writers){.opener = process_group_of(tid)};
}

bool writers_include(const struct writers *writers, pid_t tgid)
{
    bool found = tgid == writers->opener;
    for (unsigned i = 0; !found && i < writers->count; i++)
        found = tgid == writers->writer[i];
    return found;
}

bool writers_may_include(const struct writers *writers, const struct process_line *line)
{
    bool may = writers_include(writers, line->pid[0]);
    for (unsigned i = 1; !may && i < line->count; i++)
        may = line->pid[i] == writers->opener;
    return may;
}

/* A free place in writer[], or the place of a writer that has gone; NULL when all are alive. */
static pid_t *find_place(struct writers *writers)
{
    if (writers->count < WRITERS_MAX)
        return &writers->writer[writers->count++];
    for (unsigned i = 0; i < WRITERS_MAX; i++)
        if (process_is_gone(writers->writer[i]))
            return &writers->writer[i];
    return NULL;
}

static void remember(struct writers *writers, pid_t tgid)
{
    pid_t *place = find_place(writers);
    if (place)
        *place = tgid;
    else
        writers->too_many = true;
}

void writers_add(struct writers *writers, pid_t tid)
{
    pid_t tgid = process_group_of(tid);
    writers->last = tgid;
    writers->cut_short = writers->failure = 0; /* the text goes on, whoever failed before */
    if (!writers_include(writers, tgid))
        remember(writers, tgid);
}

/* In `timeout CMD > F`, CMD is killed by a signal, and then timeout, which has F open too,
 * closes F without an error. So the signal of the last writer is remembered. An exit status of
 * the last writer is not: its parent decides what the status means. */
int writers_note_flush(struct writers *writers, pid_t tid)
{
    int err = process_failure(tid, &writers->failure);
    if (!err && WIFSIGNALED(writers->failure) && process_group_of(tid) == writers->last)
        writers->cut_short = writers->failure;
    return err;
}

int writers_failure(const struct writers *writers, int *ret_status)
{
    int status = writers->failure ? writers->failure : writers->cut_short;
    if (!status && writers->last > 0) {
        int err = process_failure(writers->last, &status);
        if (err)
            return err;
        if (!WIFSIGNALED(status))
            status = 0;
    }
    *ret_status = status;
    return 0;
}
