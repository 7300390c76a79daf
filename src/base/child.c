#include "base/child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/container.h"
#include "base/descriptors.h"
#include "base/libc.h"

extern char **environ;

static void close_watch(struct loop *loop, struct loop_watch *watch)
{
    if (watch->fd < 0)
        return;
    loop_unwatch(loop, watch);
    close(watch->fd);
    watch->fd = -1;
}

/* After SIGKILL a process is gone at once, unless the kernel keeps the process waiting: a file
 * server that is down may never answer. */
#define KILL_GRACE_MS 500

/* For a command that is gone, or given up. A grandchild that keeps the pipe open is not waited
 * for. */
static void child_finish(struct child *child)
{
    close_watch(child->loop, &child->out);
    close_watch(child->loop, &child->process);
    loop_clear_timer(child->loop, &child->deadline);
    void (*done)(struct child *, int) = child->done;
    assert(done);
    child->done = NULL;
    done(child, child->error);
}

/* Kills the group, and the command itself, which may have left the group. No other process that
 * has left the group is looked for: such a process may be an agent that is to stay. */
static void child_end(const struct child *child)
{
    kill(-child->pid, SIGKILL);
    kill(child->pid, SIGKILL);
}

static void child_kill(struct child *child, int err)
{
    child->error = err;
    child_end(child);
    loop_set_timer(child->loop, &child->deadline, loop_now_ms() + KILL_GRACE_MS);
}

/* Reads what the pipe holds. Only `output` keeps a copy. */
static void child_read(struct child *child)
{
    char chunk[1024];
    ssize_t n;
    while (child->out.fd >= 0 && (n = read(child->out.fd, chunk, sizeof chunk)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return; /* EAGAIN: the loop will call again */
        int err = locked_add(&child->output, chunk, (size_t)n);
        locked_wipe(chunk, sizeof chunk);
        if (err) {
            child_kill(child, err);
            break;
        }
    }
    close_watch(child->loop, &child->out);
}

static void child_output_ready(struct loop_watch *watch, uint32_t events)
{
    (void)events;
    child_read(CONTAINER_OF(watch, struct child, out));
}

static void child_process_ready(struct loop_watch *watch, uint32_t events)
{
    struct child *child = CONTAINER_OF(watch, struct child, process);
    (void)events;
    if (waitpid(child->pid, &child->wait_status, WNOHANG) != child->pid)
        return;
    child->exited = true;
    child_read(child);
    child_finish(child);
}

static void child_deadline(struct loop_timer *timer)
{
    struct child *child = CONTAINER_OF(timer, struct child, deadline);
    child->given_up = child->error != 0; /* the command was killed, and is still not gone */
    if (child->given_up)
        child_finish(child);
    else
        child_kill(child, -ETIMEDOUT);
}

/* posix_spawn's attributes and file actions for a command whose output goes to `out_fd`. */
static int child_spawn(struct child *child, char *const argv[], int out_fd)
{
    libc_close_on_exec(); /* libraries open descriptors without the flag */
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    descriptors_restore();
    int err = posix_spawnp(&child->pid, argv[0], &actions, &attributes, argv, environ);
    descriptors_raise();
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return -err;
}

int child_start(struct child *child, struct loop *loop, char *const argv[], size_t max,
    uint64_t deadline_ms, void (*done)(struct child *child, int err))
{
    *child = (struct child){
        .done = done,
        .loop = loop,
        .out = {.ready = child_output_ready, .fd = -1},
        .process = {.ready = child_process_ready, .fd = -1},
        .deadline = {.fire = child_deadline},
    };
    int err = locked_init(&child->output, max);
    if (err)
        return err;
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
        err = -errno;
        goto fail;
    }
    child->out.fd = pipe_fds[0];
    fcntl(child->out.fd, F_SETFL, O_NONBLOCK);
    err = child_spawn(child, argv, pipe_fds[1]);
    close(pipe_fds[1]);
    if (err)
        goto fail;
    child->process.fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    err = child->process.fd < 0 ? -errno : loop_watch(loop, &child->out, EPOLLIN);
    if (!err)
        err = loop_watch(loop, &child->process, EPOLLIN);
    if (err)
        goto fail;
    loop_set_timer(loop, &child->deadline, deadline_ms);
    return 0;
fail:
    child_release(child);
    return err;
}

/* Where the kernel does not let the process go in time, a zombie is left. */
static void reap(pid_t pid)
{
    for (int ms = 0; ms < KILL_GRACE_MS && waitpid(pid, NULL, WNOHANG) == 0; ms += 5)
        (void)poll(NULL, 0, 5);
}

void child_release(struct child *child)
{
    if (child->loop) {
        if (child->pid > 0 && !child->exited && !child->given_up) {
            child_end(child);
            reap(child->pid);
        }
        close_watch(child->loop, &child->out);
        close_watch(child->loop, &child->process);
        loop_clear_timer(child->loop, &child->deadline);
    }
    locked_release(&child->output);
    *child = (struct child){0};
}
