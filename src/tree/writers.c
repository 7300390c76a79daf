#include "tree/writers.h"

#include <sys/wait.h>

#include "base/process.h"

/* Contract §3. A shell, its subshell and a script's children are three deep. */
#define ANCESTORS_MAX 6

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

void writers_add(struct writers *writers, pid_t tid)
{
    /* Threads of one process write one after another as a rule: the last is the likeliest. */
    pid_t tgid = process_group_of(tid);
    writers->last = tgid;
    writers->cut_short = 0; /* others go on */
    if (!writers_include(writers, tgid) && writers->count < WRITERS_MAX)
        writers->writer[writers->count++] = tgid;
}

/* `timeout CMD > F`: CMD is killed while timeout has the file too, which then closes it as if
 * all were well. Only signals count: what a command's exit status means, its parent knows. */
void writers_note_flush(struct writers *writers, pid_t tid)
{
    int status;
    if (process_has_failed(tid, &status) && WIFSIGNALED(status) &&
        process_group_of(tid) == writers->last)
        writers->cut_short = status;
}

bool writers_were_cut_short(const struct writers *writers, int *ret_status)
{
    int status = writers->cut_short;
    if (!status && writers->last > 0 && !process_has_failed(writers->last, &status))
        return false;
    if (!status || !WIFSIGNALED(status))
        return false;
    *ret_status = status;
    return true;
}

/* Of a family of processes: does anyone hold it, and can all be looked at? */
struct search {
    uint64_t ino;
    bool held, hidden;
};

static void look_at(struct search *search, pid_t tgid)
{
    int holds = process_holds(tgid, search->ino);
    search->held |= holds == 1;
    search->hidden |= holds < 0;
}

bool writers_are_done(const struct writers *writers, uint64_t ino, bool opened_twice, pid_t tid)
{
    struct search search = {.ino = ino};
    pid_t flusher = process_group_of(tid);

    if (opened_twice)
        return true;
    look_at(&search, writers->opener);
    for (unsigned i = 0; i < writers->count; i++)
        look_at(&search, writers->writer[i]);
    if (flusher != writers->opener)
        look_at(&search, flusher);
    pid_t ancestor = flusher;
    for (int i = 0; i < ANCESTORS_MAX && ancestor != writers->opener && !search.held; i++) {
        ancestor = process_parent(ancestor);
        if (ancestor <= 1)
            break;
        look_at(&search, ancestor);
    }
    return search.hidden || !search.held;
}
