#include "sync/remove.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utlist.h>

#include "base/container.h"
#include "base/process.h"
#include "github/url.h"
#include "nodes/node.h"
#include "nodes/presence.h"
#include "nodes/tree.h"
#include "sync/policy.h"

/* Contract §3.26. */
#define HELD_MS 1000

/* The comms of programs that replace files by unlink and create, with colons between. FUSE's
 * requests do not say that a file is to be replaced, so only the program's name tells. */
#define REPLACERS \
    "mv:install:cp:tar:unzip:cpio:git:" \
    "bsdtar:bsdcpio:pax:star:7z:7za:7zr:7zz:borg:zstd"

#define COMM_SIZE 16 /* of a comm, with its NUL; the kernel cuts longer names off */

/* A DELETE that waits for its turn or is under way. */
struct removal {
    struct cleanup cleanup; /* of the task */
    struct task *task;      /* on the secret */
    struct wait turn;
    bool has_turn;
    struct call *call;
};

/* A DELETE that is held or, afterwards, under way. */
struct held {
    struct tree *tree;
    struct node *node;     /* referenced; node->held is this */
    pid_t tgid;            /* the process that unlinked the entry */
    struct loop_watch end; /* of that process; fd -1: not watched */
    struct loop_timer timer;
    bool sent;
    struct task task;       /* of the DELETE, once the DELETE is sent */
    struct removal removal; /* here, since the unlink was answered with success: sending the
                             * DELETE needs no memory */
    struct waiters waiters; /* for the end of the DELETE */
    struct held *prev, *next;
};

/* Sending a DELETE */

/* rm -f is silent about EINVAL: to rm EINVAL means, as ENOENT does, that the file is absent. */
void remove_fail(struct task *task, const struct failure *why)
{
    struct failure told = *why;
    char caller[16];

    process_name(task->tid, caller);
    if (told.err == -EINVAL && strcmp(caller, "rm") == 0)
        told.err = -EPERM;
    task_fail(task, &told);
}

static void removal_undo(struct cleanup *cleanup)
{
    struct removal *removal = CONTAINER_OF(cleanup, struct removal, cleanup);

    wait_leave(&removal->turn);
    call_cancel(removal->call);
    removal->task->node->removals--;
    if (removal->has_turn)
        node_give_turn(removal->task->node); /* who waits for the turn goes on from here */
}

static void removal_undo_and_free(struct cleanup *cleanup)
{
    removal_undo(cleanup);
    free(CONTAINER_OF(cleanup, struct removal, cleanup));
}

static void deleted(void *arg, const struct failure *why)
{
    struct removal *removal = arg;
    struct task *task = removal->task;

    removal->call = NULL;
    if (why && why->err != -ENOENT) {
        remove_fail(task, why);
        return;
    }
    /* After ENOENT the entry is gone as well; but rm is told that another client deleted it. */
    policy_outlived(task->tree, task->node);
    if (task->node->presence != NODE_GONE)
        presence_deleted(&task->tree->nodes, task->node);
    if (why)
        task_fail(task, why);
    else
        task_finish(task);
}

static void delete_send(struct removal *removal)
{
    struct task *task = removal->task;
    struct node *node = task->node;
    struct buffer scope;

    if (node->presence == NODE_GONE) {
        task_fail_with(task, -ENOENT, "the %s is gone", kind_noun(node->parent->kind));
        return;
    }
    bool is_new = node->presence == NODE_PENDING;
    if (is_new && !node->maybe_stored) { /* no PUT of the entry was sent */
        presence_gone(&task->tree->nodes, node);
        task_finish(task);
        return;
    }
    bool maybe_absent = node_is_unstored(node) && node->maybe_stored;
    int err = node_api_path_below(node->parent, NULL, 0, &scope);
    if (!err)
        err = node->parent->kind->store->remove(task->tree->github, scope.data, node->name,
            maybe_absent, task->deadline_ms, deleted, removal, &removal->call);
    buffer_release(&scope);
    if (err)
        task_fail_errno(task, err, strerror(-err));
}

static void delete_have_turn(struct wait *wait)
{
    struct removal *removal = CONTAINER_OF(wait, struct removal, turn);
    removal->has_turn = true;
    delete_send(removal);
}

static void removal_start(
    struct removal *removal, struct task *task, void (*undo)(struct cleanup *cleanup))
{
    *removal = (struct removal){
        .cleanup = {.undo = undo},
        .task = task,
        .turn = {.done = delete_have_turn, .deadline_ms = task->deadline_ms},
    };
    cleanup_push(&task->cleanups, &removal->cleanup);
    task->node->removals++;
    task_counts_as_upload(task);
    wait_then(&removal->turn, node_take_turn(task->node, &removal->turn));
}

int removal_wait(struct node *node, struct wait *wait)
{
    if (node->removals == 0)
        return 0;
    int err = node_take_turn(node, wait);
    assert(err == -EINPROGRESS); /* a DELETE has the turn, or waits for it */
    return err;
}

static void remove_now(struct task *task)
{
    struct removal *removal = calloc(1, sizeof *removal);

    if (removal)
        removal_start(removal, task, removal_undo_and_free);
    else
        task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
}

/* Holding a DELETE */

/* Is the name in the list, in which names have colons between? */
static bool is_listed(const char *list, const char *name)
{
    while (*list) {
        size_t len = strcspn(list, ":");
        size_t seen = len < COMM_SIZE ? len : COMM_SIZE - 1;
        if (strlen(name) == seen && memcmp(list, name, seen) == 0)
            return true;
        list += len + (list[len] == ':');
    }
    return false;
}

static bool is_replacer(const struct tree *tree, pid_t tid)
{
    const char *more = tree->options.replacers;
    char name[COMM_SIZE];

    process_name(tid, name);
    return name[0] && (is_listed(REPLACERS, name) || (more && is_listed(more, name)));
}

static bool is_replacing(const struct task *task)
{
    /* Either name counts, since a runtime may give its threads names of their own. */
    return is_replacer(task->tree, process_group_of(task->tid)) ||
           is_replacer(task->tree, task->tid);
}

static void held_unwatch(struct held *held)
{
    struct loop *loop = held->tree->loop;
    loop_clear_timer(loop, &held->timer);
    if (held->end.fd >= 0) {
        loop_unwatch(loop, &held->end);
        close(held->end.fd);
        held->end.fd = -1;
    }
}

static void held_free(struct held *held)
{
    struct tree *tree = held->tree;
    struct node *node = held->node;

    held_unwatch(held);
    DL_DELETE(tree->held, held);
    node->held = NULL;
    free(held);
    node_unref(&tree->nodes, node);
}

static void held_deleted(struct task *task, int err)
{
    struct held *held = CONTAINER_OF(task, struct held, task);
    struct waiters waiters = held->waiters;

    if (err && err != -ENOENT)
        presence_come_back(held->node);
    held_free(held);
    waiters_finish(&waiters, NULL);
}

static void held_send(struct held *held)
{
    if (held->sent)
        return;
    held->sent = true;
    held_unwatch(held);
    task_init(&held->task, held->tree, held->node, "unlink", held_deleted);
    removal_start(&held->removal, &held->task, removal_undo);
}

static void come_back(struct tree *tree, struct node *node, const char *why_kept)
{
    struct failure why;

    presence_come_back(node);
    /* Its program was told that the removal went well. */
    failure_set(&why, -ECANCELED, "kept: %s", why_kept);
    failures_add_at(&tree->failures, "unlink", node, "", &why);
}

#define REFUSED "what was to take its place was refused"

/* Calls the DELETE off, which was not sent yet. */
static void call_off(struct held *held, const char *why)
{
    struct tree *tree = held->tree;
    struct node *node = node_ref(held->node);

    held_free(held);
    come_back(tree, node, why);
    node_unref(&tree->nodes, node);
}

/* A tool that fails between the two halves, where nothing of that is to be seen here: it has no
 * descriptor left, or may not read what it was to write, or links across file systems. */
static void process_ended(struct loop_watch *watch, uint32_t events)
{
    struct held *held = CONTAINER_OF(watch, struct held, end);
    int status = process_end_status(watch->fd, held->tgid);
    (void)events;

    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        call_off(held, "the program that removed it failed before it made another");
    else
        held_send(held);
}

static void time_is_up(struct loop_timer *timer)
{
    held_send(CONTAINER_OF(timer, struct held, timer));
}

static int hold(struct task *task, struct node *node)
{
    struct tree *tree = task->tree;
    assert(!node_held(node));
    struct held *held = calloc(1, sizeof *held);
    if (!held)
        return -ENOMEM;
    held->tree = tree;
    held->tgid = process_group_of(task->tid);
    held->end = (struct loop_watch){.ready = process_ended, .fd = process_watch(held->tgid)};
    held->timer.fire = time_is_up;
    /* If the process cannot be watched, the timer alone sends the DELETE. */
    if (held->end.fd >= 0 && loop_watch(tree->loop, &held->end, EPOLLIN) != 0) {
        close(held->end.fd);
        held->end.fd = -1;
    }
    loop_set_timer(tree->loop, &held->timer, loop_now_ms() + HELD_MS);
    held->node = node_ref(node);
    node->held = held;
    DL_APPEND(tree->held, held);
    presence_hide(node);
    return 0;
}

void held_go_on(struct tree *tree, pid_t tid, const struct node *dir, const char *name)
{
    struct held *held, *next;
    if (!tree->held)
        return;
    pid_t tgid = process_group_of(tid);
    DL_FOREACH_SAFE(tree->held, held, next)
    {
        bool same = held->node->parent == dir && strcasecmp(held->node->name, name) == 0;
        if (held->tgid == tgid && !same)
            held_send(held);
    }
}

int held_take(struct node *node, struct wait *wait)
{
    struct held *held = node_held(node);
    if (!held)
        return 0;
    if (held->sent || node->busy) {
        held_send(held);
        wait_join(&held->waiters, wait);
        return -EINPROGRESS;
    }
    held_free(held);
    return 0;
}

void held_give_back(struct tree *tree, struct node *node)
{
    if (node->presence == NODE_HELD && !node_held(node))
        come_back(tree, node, REFUSED);
}

void held_keep(const struct node *dir, const char *name)
{
    const struct node *node = directory_find(dir, name);
    struct held *held = node && node->presence == NODE_HELD ? node_held(node) : NULL;

    if (held && !held->sent)
        call_off(held, REFUSED);
}

void held_send_all(struct tree *tree)
{
    struct held *held, *next;
    DL_FOREACH_SAFE(tree->held, held, next) held_send(held);
}

void held_free_all(struct tree *tree)
{
    while (tree->held) {
        if (tree->held->sent)
            task_abandon(&tree->held->task, -ECANCELED, "the mount has ended");
        held_free(tree->held);
    }
}

void remove_start(struct task *task)
{
    struct node *node = task->node;
    assert(node_is_entry(node));

    if (node->presence != NODE_HERE || !is_replacing(task)) {
        remove_now(task);
        return;
    }
    int err = hold(task, node);
    if (err)
        task_fail_errno(task, err, strerror(-err));
    else
        task_finish(task);
}
