#include "tree/writers.h"

#include <sys/wait.h>

#include "base/process.h"
#include "tree/operations.h"
#include "tree/tree.h"

/* Contract §3. A shell, its subshell and a script's children are three deep. */
#define ANCESTORS_MAX 6

void writers_init(struct writers *writers, pid_t tid)
{
    *writers = (struct writers){.opener = process_group_of(tid)};
}

void writers_add(struct writers *writers, pid_t tid)
{
    /* Threads of one process write one after another as a rule: the last is the likeliest. */
    pid_t tgid = process_group_of(tid);
    writers->last = tgid;
    writers->cut_short = 0; /* others go on */
    for (unsigned i = writers->count; i > 0; i--)
        if (writers->writer[i - 1] == tgid)
            return;
    if (tgid != writers->opener && writers->count < WRITERS_MAX)
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

/* An inode number tells the secret, not the handle. */
static bool opened_twice(const struct handle *handle)
{
    unsigned handles = 0;
    for (const struct handle *h = handle->tree->handles; h; h = h->next)
        handles += h->node == handle->node && h->writers.opener == handle->writers.opener;
    return handles > 1;
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

bool writers_are_done(const struct handle *handle, pid_t tid)
{
    const struct writers *writers = &handle->writers;
    struct search search = {.ino = handle->node->ino};
    pid_t flusher = process_group_of(tid);

    if (opened_twice(handle))
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
