#include "tree/holders.h"

#include <errno.h>

#include "base/container.h"

/* A look at a descriptor takes some 20 us, in which the loop serves nobody (evidence §4.1). */
#define DESCRIPTORS_A_TURN 64
/* An open file of an opener that has gone is usually closed by the kernel, or inherited by a
 * child, within a few of these turns. */
#define UNSURE_TURNS 20
#define UNSURE_TURN_MS 2

static void add(struct holders *holders, pid_t tgid)
{
    for (unsigned i = 0; i < holders->count; i++)
        if (holders->holder[i].tgid == tgid)
            return;
    holders->holder[holders->count++] = (struct holder){.tgid = tgid};
}

static void holders_go_on(struct holders *holders);

static void next_turn(struct loop_timer *timer)
{
    holders_go_on(CONTAINER_OF(timer, struct holders, timer));
}

int holders_init(struct holders *holders, struct loop *loop, uint64_t ino,
    const struct writers *writers, pid_t tid)
{
    struct process_line line;
    *holders = (struct holders){
        .loop = loop, .ino = ino, .timer = {.fire = next_turn}, .turns = holders->turns};

    holders->too_many = writers->too_many;
    add(holders, writers->opener);
    for (unsigned i = 0; i < writers->count; i++)
        add(holders, writers->writer[i].tgid);
    int err = process_line_of(process_group_of(tid), &line);
    for (unsigned i = 0; i < line.count; i++) {
        add(holders, line.pid[i]);
        if (line.pid[i] == writers->opener)
            break;
    }
    return err;
}

/* Children whose parent has gone become children of init. So a process may have inherited from
 * the process `gone` only if its topmost ancestor below init has a higher pid, that is, is
 * younger. */
static bool may_be_heir(const struct process_line *line, pid_t gone)
{
    return line->is_whole && line->pid[line->count - 1] > gone;
}

int holders_beside(struct holders *holders, const struct writers *others)
{
    bool is_gone = process_is_gone(others->opener);

    for (unsigned i = 0; i < holders->count; i++) {
        struct holder *holder = &holders->holder[i];
        int err = holder->line.count ? 0 : process_line_of(holder->tgid, &holder->line);
        if (err)
            return err;
        bool is_heir = is_gone && may_be_heir(&holder->line, others->opener);
        holder->others += is_heir || writers_may_include(others, &holder->line);
        holders->is_unsure |= is_heir;
    }
    return 0;
}

static void end(struct holders *holders, int err)
{
    holders_cancel(holders);
    holders->done(holders, err);
}

/* Looks at some descriptors of one process. 0: the process does not hold the file, or hides its
 * descriptors. -EBUSY: the process holds the file. -EAGAIN: there are more descriptors. Or
 * another -errno. */
static int look_at(struct holders *holders, const struct holder *holder, unsigned *descriptors)
{
    struct process_scan *scan = &holders->scan;

    int err = holders->scanning ? 0 : process_scan_start(scan, holder->tgid, holders->ino);
    holders->scanning = true;
    if (!err)
        err = process_scan_go_on(scan, descriptors);
    if (err)
        return err == -EACCES || err == -EPERM ? 0 : err;
    if (scan->count > holder->others)
        return -EBUSY;
    return scan->dir ? -EAGAIN : 0;
}

static void holders_go_on(struct holders *holders)
{
    unsigned descriptors = DESCRIPTORS_A_TURN;

    while (holders->at < holders->count) {
        int err = look_at(holders, &holders->holder[holders->at], &descriptors);
        if (err == -EAGAIN) {
            loop_set_timer(holders->loop, &holders->timer, loop_now_ms() + 1);
            return;
        }
        if (err) {
            end(holders, err);
            return;
        }
        process_scan_end(&holders->scan);
        holders->scanning = false;
        holders->at++;
    }
    end(holders, 0);
}

static void ask_anew(struct loop_timer *timer)
{
    end(CONTAINER_OF(timer, struct holders, timer), -EAGAIN);
}

void holders_look(struct holders *holders, void (*done)(struct holders *holders, int err))
{
    holders->done = done;
    if (holders->is_unsure && holders->turns++ < UNSURE_TURNS) {
        holders->timer.fire = ask_anew;
        loop_set_timer(holders->loop, &holders->timer, loop_now_ms() + UNSURE_TURN_MS);
        return;
    }
    if (holders->too_many) /* the kernel's RELEASE will publish the text */
        end(holders, -EBUSY);
    else
        holders_go_on(holders);
}

void holders_cancel(struct holders *holders)
{
    process_scan_end(&holders->scan);
    if (holders->loop)
        loop_clear_timer(holders->loop, &holders->timer);
}
