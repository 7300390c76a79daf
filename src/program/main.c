/*
 * The program: reads the configuration, starts step by step (token, API, PATH, mount), and runs
 * the loop until the file system is unmounted or a signal ends the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/container.h"
#include "base/descriptors.h"
#include "base/heap.h"
#include "base/locked.h"
#include "base/log.h"
#include "fs/fs.h"
#include "github/libraries.h"
#include "github/seal.h"
#include "nodes/tree.h"
#include "program/config.h"
#include "program/daemon.h"
#include "program/help.h"
#include "program/mountpoint.h"
#include "program/token.h"
#include "tree/operations.h"

#define LAST_CALL_SLACK_MS 1000

/* Contract §1.10. */
enum exit_status { STATUS_OK, STATUS_USAGE, STATUS_API };

struct program {
    struct config config;
    struct daemon daemon;
    struct loop *loop;
    struct loop_watch signals;
    struct loop_timer last_call; /* at the end of the program, uploads have until then */
    struct token *token;
    struct github *github;
    struct tree *tree;
    struct fs *fs;
    char *mountpoint; /* absolute: the daemon works in "/" */
    struct task task; /* the current step of the start */
    bool starting, ending;
    const char *path_left; /* the parts of PATH that are still to be walked */
    enum exit_status status;
};

static void program_stop(struct program *p, enum exit_status status)
{
    p->status = status;
    loop_stop(p->loop);
}

/* --- The start, step by step ---------------------------------------------------------- */

/* Called after the mount. Only root's commands lose the privilege: another user's need the
 * set-user-id fusermount3 to unmount. */
static void drop_privileges_of_children(void)
{
    if (geteuid() == 0)
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void start_mounted(void *arg)
{
    struct program *p = arg;
    p->starting = false;
    drop_privileges_of_children();
    daemon_ready(&p->daemon);
}

static void program_end(struct program *p);

static void mount_ended(void *arg)
{
    program_end(arg); /* the user has unmounted */
}

static void mount_failed(const struct program *p, int err)
{
    if (err != -EIO)
        log_error("cannot mount on %s: %s", p->mountpoint, strerror(-err));
    else
        log_error("cannot mount on %s: see the line above%s", p->mountpoint,
            geteuid() == 0 ? " (a container needs --device=/dev/fuse --cap-add=SYS_ADMIN)"
                           : "");
}

static void start_have_root(struct program *p, struct node *root)
{
    tree_use_root(p->tree, root);
    struct fs_options options = {
        .args = &p->config.fuse_args,
        .mountpoint = p->mountpoint,
        .uid = p->config.uid,
        .gid = p->config.gid,
        .umask = p->config.umask,
        .allow_root = p->config.allow_root,
        .ready = start_mounted,
        .ended = mount_ended,
        .arg = p,
    };
    int err = fs_mount(p->loop, p->tree, &options, &p->fs);
    if (err) {
        mount_failed(p, err);
        program_stop(p, STATUS_USAGE);
    }
}

static void path_failed(struct program *p, const struct failure *why)
{
    const char *path = p->config.path, *host = p->config.host;

    if (why->err == -ENOENT && !why->status) {
        log_error("PATH '%s' is not a place in the tree: expected one such as "
                  "repos/OWNER/REPO/actions/secrets%s",
            path, memchr(path, '.', strcspn(path, "/")) ? " (a HOST ends with ':')" : "");
        program_stop(p, STATUS_USAGE);
        return;
    }
    if (why->err == -ENOENT)
        log_error("PATH '%s': not found on %s, or the token may not see it", path, host);
    else
        log_error("PATH '%s': %s", path, why->message);
    program_stop(p, why->err == -ENOTDIR ? STATUS_USAGE : STATUS_API);
}

static void start_walk(struct program *p, struct node *from);

static void start_walked(struct task *task, int err)
{
    struct program *p = CONTAINER_OF(task, struct program, task);
    struct failure why = task->failure;

    if (!err && task->result->kind->type != NODE_DIRECTORY) {
        failure_set(&why, -ENOTDIR, "%s is no directory", task->result->kind->what);
        err = -ENOTDIR;
    }
    if (err)
        path_failed(p, &why);
    else
        start_walk(p, task->result);
}

/* Looks up the next part of PATH in `from`; mounts when no part is left. */
static void start_walk(struct program *p, struct node *from)
{
    char part[PATH_MAX];
    size_t len = strcspn(p->path_left, "/");

    if (len == 0) {
        start_have_root(p, from);
        return;
    }
    snprintf(part, sizeof part, "%.*s", (int)len, p->path_left);
    p->path_left += len + (p->path_left[len] == '/');
    task_init(&p->task, p->tree, from, NULL, start_walked);
    p->task.quiet = true;
    tree_lookup(&p->task, part);
}

/* The variable of the environment by which libcurl chooses a proxy; or NULL. */
static const char *proxy_variable(const struct config *config)
{
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};

    for (size_t i = 0; !config->api_loopback && i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return names[i];
    }
    return NULL;
}

/* What is often missing in the URL of a GitHub Enterprise Server; or "". */
static const char *api_url_advice(const struct config *config)
{
    bool is_server = config->api_url_given && config->token_is_enterprise;
    return is_server && !text_has_suffix(config->api_url, "/api/v3")
               ? "; GitHub Enterprise Server has it at https://HOST/api/v3"
               : "";
}

static void token_not_accepted(struct program *p, const struct failure *why)
{
    const char *url = p->config.api_url;

    switch (-why->err) {
    case EACCES:
        log_error("%s refused the token from %s: %s%s", p->config.token_host,
            token_origin(p->token), why->message,
            why->status == 401 ? "; check that it is for this host and has not expired" : "");
        break;
    case EKEYREJECTED:
        log_error("%s is not trusted: %s", url, why->message);
        break;
    case EHOSTUNREACH:
        log_error("cannot reach %s: %s%s%s", url, why->message,
            proxy_variable(&p->config) ? "; the way there is a proxy's, by $" : "",
            proxy_variable(&p->config) ? proxy_variable(&p->config) : "");
        break;
    case ENOENT:
    case EPROTO:
        log_error("%s is not the REST API of a GitHub server: %s%s", url, why->message,
            api_url_advice(&p->config));
        break;
    default:
        log_error("%s: %s", url, why->message[0] ? why->message : strerror(-why->err));
    }
    program_stop(p, STATUS_API);
}

static void start_token_checked(struct task *task, int err)
{
    struct program *p = CONTAINER_OF(task, struct program, task);
    const struct failure why = task->failure;

    if (err) {
        token_not_accepted(p, &why);
        return;
    }
    p->path_left = p->config.path;
    start_walk(p, p->tree->whole);
}

/* --- What the API client knows of the token ------------------------------------------- */

static const struct locked *credentials_token(void *context)
{
    return token_value(context);
}

static int credentials_reread(
    void *context, uint64_t deadline_ms, void (*done)(void *arg, int err), void *arg)
{
    return token_read(context, deadline_ms, done, arg);
}

static const char *credentials_problem(void *context)
{
    return token_problem(context);
}

/* A server's answer may repeat the token, and get into a message of ours or of libfuse. */
static void hide_token(void *github, char *text)
{
    github_hide_token(github, text);
}

static int make_client(struct program *p)
{
    const struct config *c = &p->config;
    struct github_options github = {
        .base_url = c->api_url,
        .api_version = c->api_version,
        .user_agent = "ghsecretfs/" GHSECRETFS_VERSION,
        .ca_file = c->ca_file,
        .ca_dir = c->ca_dir,
        .ca_file_alone = c->ca_file_given,
        .max_requests = c->max_requests,
        .paced = !c->token_is_enterprise,
        .credentials =
            {
                .context = p->token,
                .token = credentials_token,
                .reread = token_rereadable(p->token) ? credentials_reread : NULL,
                .problem = credentials_problem,
                .costly = token_runs_command(p->token),
            },
    };
    struct tree_options tree = {
        .host = c->host,
        .token_origin = token_origin(p->token),
        .replacers = c->replacers,
        .cache_ttl_ms = c->cache_ttl_ms,
        .timeout_ms = c->timeout_ms,
        .newline = c->newline,
        .visibility = c->visibility,
        .commit_on_write = c->commit_on_write,
        .max_requests = c->max_requests,
        .tell_writers = c->tell_writers,
    };
    int err = github_new(p->loop, &github, &p->github);
    if (!err)
        log_filter(hide_token, p->github);
    return err ? err : tree_new(p->loop, p->github, &tree, &p->tree);
}

static void start_have_token(void *arg, int err)
{
    struct program *p = arg;

    if (err) {
        log_error("%s", token_problem(p->token));
        program_stop(p, STATUS_USAGE);
        return;
    }
    err = make_client(p);
    if (err) {
        log_error("cannot start: %s", strerror(-err));
        program_stop(p, STATUS_USAGE);
        return;
    }
    task_init(&p->task, p->tree, NULL, NULL, start_token_checked);
    p->task.quiet = true;
    tree_check_token(&p->task);
}

/* --- The end -------------------------------------------------------------------------- */

static void uploads_ended(void *arg)
{
    program_stop(arg, STATUS_OK);
}

static void last_call_over(struct loop_timer *timer)
{
    struct program *p = CONTAINER_OF(timer, struct program, last_call);
    log_warning("%u uploads did not end in time", p->tree->uploads);
    program_stop(p, STATUS_OK);
}

/* Ends the program once uploads that have begun are done. Held DELETEs are sent now. */
static void program_end(struct program *p)
{
    p->ending = true;
    tree_send_held(p->tree);
    if (p->tree->uploads == 0) {
        program_stop(p, STATUS_OK);
        return;
    }
    p->tree->uploads_ended = uploads_ended;
    p->tree->uploads_arg = p;
    /* Each upload ends within the timeout by itself, unless github.com's budget holds the
     * upload back, and reports a failure. An upload that has not ended then is dropped, and
     * reports that. */
    loop_set_timer(
        p->loop, &p->last_call, loop_now_ms() + p->config.timeout_ms + LAST_CALL_SLACK_MS);
}

/* For SIGTERM, SIGINT and SIGHUP. A second signal ends the program with uploads under way. */
static void on_signal(struct loop_watch *watch, uint32_t events)
{
    struct program *p = CONTAINER_OF(watch, struct program, signals);
    struct signalfd_siginfo info;
    (void)events;

    if (read(watch->fd, &info, sizeof info) != sizeof info)
        return;
    if (p->starting)
        program_stop(p, STATUS_USAGE);
    else if (p->ending)
        program_stop(p, STATUS_OK);
    else
        program_end(p);
}

static int watch_signals(struct program *p)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -errno;
    p->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (p->signals.fd < 0)
        return -errno;
    p->signals.ready = on_signal;
    return loop_watch(p->loop, &p->signals, EPOLLIN);
}

/* --- The whole ------------------------------------------------------------------------ */

static bool check_sealing(void)
{
    int err = seal_setup();
    if (err)
        log_error("libsodium cannot start (it needs the kernel's random numbers): %s",
            strerror(-err));
    return err == 0;
}

static bool check_memory(void)
{
    size_t lockable = locked_setup();
    if (lockable >= LOCKED_TOTAL_MIN)
        return true;
    log_error("only %zu KiB of memory can be locked, and secrets need 1024: raise the limit "
              "(ulimit -l, LimitMEMLOCK= in systemd, or /etc/security/limits.conf)",
        lockable / 1024);
    return false;
}

/* Keeps the token and values out of core dumps, debuggers, logs of keys and readable files. */
static void close_side_doors(void)
{
    static const struct rlimit no_core = {0};
    if (!heap_setup())
        log_warning(
            "this build does not wipe memory when it is freed: copies of secrets and of "
            "the token can stay in the process");
    (void)setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* only root may use ptrace and /proc/PID/mem */
    unsetenv("SSLKEYLOGFILE"); /* a file into which libcurl would write the session keys */
    umask(077);
}

static enum exit_status program_run(struct program *p)
{
    int err = p->config.foreground ? 0 : daemon_start(&p->daemon);
    if (!err)
        err = loop_new(&p->loop);
    if (!err)
        err = watch_signals(p);
    if (!err)
        err = token_new(p->loop, &p->config, &p->token);
    if (!err)
        err = token_read(p->token, loop_now_ms() + p->config.timeout_ms, start_have_token, p);
    if (!err)
        err = loop_run(p->loop);
    if (err) {
        log_error("cannot go on: %s", strerror(-err));
        return STATUS_USAGE;
    }
    return p->status;
}

static void program_release(struct program *p)
{
    if (p->starting && p->tree)
        task_cancel(&p->task);
    fs_unmount(p->fs);
    tree_free(p->tree);
    log_filter(NULL, NULL);
    github_free(p->github);
    token_free(p->token);
    if (p->loop) {
        loop_clear_timer(p->loop, &p->last_call);
        loop_unwatch(p->loop, &p->signals);
        close(p->signals.fd);
    }
    loop_free(p->loop);
    free(p->mountpoint);
    config_release(&p->config);
}

int main(int argc, char *argv[])
{
    struct program p = {.starting = true, .last_call.fire = last_call_over};
    (void)argc;

    daemon_stay(&p.daemon);
    switch (config_parse(argv, &p.config)) {
    case CONFIG_OK:
        break;
    case CONFIG_HELP:
        help_print(stdout);
        return STATUS_OK;
    case CONFIG_VERSION:
        help_version(stdout);
        libraries_print(stdout);
        return STATUS_OK;
    case CONFIG_ERROR:
        return STATUS_USAGE;
    }
    enum exit_status status = STATUS_USAGE;
    close_side_doors();
    descriptors_raise();
    if (p.config.debug)
        log_set_level(LOG_LEVEL_DEBUG);
    if (check_sealing() && check_memory() && mountpoint_check_tools() &&
        mountpoint_check(p.config.mountpoint, &p.mountpoint))
        status = program_run(&p);
    program_release(&p);
    return (int)status;
}
