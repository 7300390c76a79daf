#include "program/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"

enum token_source {
    TOKEN_FROM_NOTHING,
    TOKEN_FROM_FILE,
    TOKEN_FROM_COMMAND,
    TOKEN_FROM_VARIABLE,
    TOKEN_FROM_CREDENTIAL,
    TOKEN_FROM_GH
};

struct token {
    struct loop *loop;
    const struct config *config;
    enum token_source source;
    char *origin;
    char *path;             /* of token_file or of the credential; else NULL */
    struct locked variable; /* the variable's value, until the first read */
    bool variable_too_long;
    struct locked value;

    void (*done)(void *arg, int err); /* NULL while no read is unanswered */
    void *arg;
    struct loop_timer answer;
    int answer_err;
    struct child child;
    char problem[512];
};

/* In the order in which `gh` reads them. The first that is not empty is used. */
static const char *const variables[] = {
    "GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"};
#define CLOUD_VARIABLES 2 /* the first two are for github.com and *.ghe.com */
#define ALL_VARIABLES 4

/* Sets token_problem() to the text, made printable, since the user's path or host is in it and
 * may go to syslog. Returns `err`. */
__attribute__((format(printf, 3, 4))) static int token_fail(
    struct token *token, int err, const char *format, ...)
{
    char text[sizeof token->problem];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_printable(token->problem, sizeof token->problem, text, len < 0 ? 0 : strlen(text));
    return err;
}

/* --- The source ----------------------------------------------------------------------- */

/* unsetenv() alone would leave the bytes in memory that /proc/PID/environ shows. */
static void wipe_variable(const char *name)
{
    size_t len = strlen(name);
    for (char **entry = environ; entry && *entry; entry++)
        if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=')
            locked_wipe(*entry + len + 1, strlen(*entry + len + 1));
    unsetenv(name);
}

static int set_origin(
    struct token *token, enum token_source source, const char *head, const char *tail)
{
    token->source = source;
    if (asprintf(&token->origin, "%s%s", head, tail) >= 0)
        return 0;
    token->origin = NULL;
    return -ENOMEM;
}

/* Makes the first variable for our host the source, if one is set. */
static int take_variable(struct token *token)
{
    const struct config *config = token->config;
    bool any = config->api_url_given && config->api_loopback;
    size_t first = !any && config->token_is_enterprise ? CLOUD_VARIABLES : 0;
    size_t end = any || config->token_is_enterprise ? ALL_VARIABLES : CLOUD_VARIABLES;
    for (size_t i = first; i < end; i++) {
        const char *value = getenv(variables[i]);
        if (!value || !*value)
            continue;
        int err = locked_init(&token->variable, TOKEN_MAX_BYTES);
        if (!err)
            err = locked_add(&token->variable, value, strlen(value));
        token->variable_too_long = err == -EFBIG;
        if (err && err != -EFBIG)
            return err;
        return set_origin(token, TOKEN_FROM_VARIABLE, "$", variables[i]);
    }
    return 0;
}

/* Makes $CREDENTIALS_DIRECTORY/token the source, if that file exists. */
static int take_credential(struct token *token)
{
    const char *given = getenv("CREDENTIALS_DIRECTORY");
    struct stat st;
    /* The path is made absolute, since the daemon works in "/" when the file is read again. */
    char *directory = given && *given ? realpath(given, NULL) : NULL;
    if (!directory)
        return 0;
    int len = asprintf(&token->path, "%s/token", directory);
    free(directory);
    if (len < 0) {
        token->path = NULL;
        return -ENOMEM;
    }
    if (lstat(token->path, &st) != 0)
        return 0;
    return set_origin(token, TOKEN_FROM_CREDENTIAL, "$CREDENTIALS_DIRECTORY/token", "");
}

static int choose_source(struct token *token)
{
    const struct config *config = token->config;
    if (config->token_file) {
        token->path = strdup(config->token_file);
        return token->path ? set_origin(token, TOKEN_FROM_FILE, "token_file ", token->path)
                           : -ENOMEM;
    }
    if (config->token_command)
        return set_origin(token, TOKEN_FROM_COMMAND, "token_command", "");
    int err = take_variable(token);
    if (!err && token->source == TOKEN_FROM_NOTHING)
        err = take_credential(token);
    if (err || token->source != TOKEN_FROM_NOTHING)
        return err;
    /* Under sudo, `gh` would use root's PATH and root's login, not those of the person. */
    return geteuid() == 0 ? set_origin(token, TOKEN_FROM_NOTHING, "none", "")
                          : set_origin(token, TOKEN_FROM_GH, "gh auth token", "");
}

/* --- What was read -------------------------------------------------------------------- */

/* Editors of other systems put such a mark before UTF-8 or UTF-16. */
static bool has_byte_order_mark(const unsigned char *bytes, size_t len)
{
    return (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) ||
           (len >= 2 &&
               (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0));
}

/* Makes `bytes` the token, if they can be a token. */
static int token_accept(struct token *token, const unsigned char *bytes, size_t len)
{
    while (len > 0 && strchr(" \t\r\n", bytes[len - 1]) && bytes[len - 1] != '\0')
        len--;
    if (len == 0)
        return token_fail(token, -EINVAL, "%s: the token is empty%s", token->origin,
            token->source == TOKEN_FROM_COMMAND ? ", since the command printed nothing" : "");
    if (has_byte_order_mark(bytes, len))
        return token_fail(token, -EINVAL,
            "%s: a byte order mark is before the token; save it as plain text without one",
            token->origin);
    /* The token becomes part of a header, and a line end could add another header. */
    for (size_t i = 0; i < len; i++)
        if (bytes[i] < 0x21 || bytes[i] > 0x7e)
            return token_fail(token, -EINVAL,
                "%s: not a token: it has a space, a second line or another character that "
                "can't be in one; give the token alone",
                token->origin);
    struct locked value;
    int err = locked_init(&value, TOKEN_MAX_BYTES);
    if (!err) {
        err = locked_add(&value, bytes, len);
        if (err)
            locked_release(&value);
    }
    if (err)
        return token_fail(token, err, "%s: %s", token->origin, strerror(-err));
    locked_release(&token->value);
    token->value = value;
    return 0;
}

static int too_long(struct token *token)
{
    return token_fail(
        token, -EFBIG, "%s: not a token: longer than %d bytes", token->origin, TOKEN_MAX_BYTES);
}

static int read_variable(struct token *token)
{
    if (token->variable_too_long)
        return too_long(token);
    /* The first read moved the variable to `value`: every later read has nothing to do. */
    if (token->value.len > 0)
        return 0;
    int err = token_accept(token, token->variable.data, token->variable.len);
    if (!err)
        locked_release(&token->variable);
    return err;
}

/* --- From a file ---------------------------------------------------------------------- */

static int check_file(struct token *token, int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return token_fail(token, -errno, "%s: %s", token->origin, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return token_fail(token, -EINVAL, "%s: not a regular file", token->origin);
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return token_fail(token, -EACCES,
            "%s: owned by uid %u; only a file of root's or of the user who mounts (uid %u) is "
            "trusted",
            token->origin, (unsigned)st.st_uid, (unsigned)geteuid());
    /* systemd lets a service's user read a root's credential by an ACL, whose mask is seen as
     * the group's bits: mode 0440. */
    mode_t forbidden = token->source == TOKEN_FROM_CREDENTIAL ? 037 : 077;
    if (st.st_mode & forbidden)
        return token_fail(token, -EACCES,
            "%s: open to group or others (mode %04o); run: chmod 600 %s", token->origin,
            (unsigned)(st.st_mode & 07777), token->path);
    return 0;
}

/* Reads up to ret->max bytes of the file, straight into locked memory. */
static int read_all(int fd, struct locked *ret)
{
    size_t len = 0;
    int err = locked_resize(ret, ret->max);
    while (!err && len < ret->max) {
        ssize_t n = read(fd, ret->data + len, ret->max - len);
        if (n == 0)
            break;
        if (n > 0)
            len += (size_t)n;
        else if (errno != EINTR)
            err = -errno;
    }
    return err ? err : locked_resize(ret, len);
}

static int accept_first_line(struct token *token, const struct locked *text)
{
    const unsigned char *end = memchr(text->data, '\n', text->len);
    size_t len = end ? (size_t)(end - text->data) : text->len;
    return len > TOKEN_MAX_BYTES ? too_long(token) : token_accept(token, text->data, len);
}

static int read_file(struct token *token)
{
    /* O_NONBLOCK: a FIFO would hold the loop before it can be refused. */
    int fd = open(token->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ELOOP)
        return token_fail(token, -ELOOP,
            "%s: a symbolic link, which is not followed; give the file itself", token->origin);
    if (fd < 0)
        return token_fail(token, -errno, "%s: %s", token->origin, strerror(errno));
    struct locked text = {0};
    int err = check_file(token, fd);
    if (!err) {
        /* One more byte than a token can have, to tell that it is too long. */
        err = locked_init(&text, TOKEN_MAX_BYTES + 1);
        if (!err)
            err = read_all(fd, &text);
        err = err ? token_fail(token, err, "%s: %s", token->origin, strerror(-err))
                  : accept_first_line(token, &text);
    }
    locked_release(&text);
    close(fd);
    return err;
}

/* --- From a command ------------------------------------------------------------------- */

static int no_token(struct token *token)
{
    const struct config *config = token->config;
    const char *variable = config->token_is_enterprise ? "GH_ENTERPRISE_TOKEN" : "GH_TOKEN";
    const char *sudo = geteuid() == 0 && getenv("SUDO_UID")
                           ? " (sudo passes it on only with --preserve-env)"
                           : "";
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    const char *credential = credentials && *credentials
                                 ? "; in $CREDENTIALS_DIRECTORY there is no file 'token'"
                                 : "";
    if (token->source != TOKEN_FROM_GH)
        return token_fail(token, -ENOENT,
            "no token for %s: set %s%s, or use -o token_file=FILE or -o token_command=CMD%s",
            config->token_host, variable, sudo, credential);
    return token_fail(token, -ENOENT,
        "no token for %s: set %s, or use -o token_file=FILE, or log in with 'gh auth login "
        "--hostname %s'%s",
        config->token_host, variable, config->token_host, credential);
}

/* Sets token_problem() for a command that gave no token. Returns the errno of token_read(). */
static int command_failed(struct token *token, int err, int wait_status)
{
    if (err == -ETIMEDOUT)
        return token_fail(token, err, "%s: no answer in time; it was ended", token->origin);
    if (err == -EFBIG)
        return too_long(token);
    if (err)
        return token_fail(token, err, "%s: %s", token->origin, strerror(-err));
    if (token->source == TOKEN_FROM_GH)
        return no_token(token);
    if (WIFSIGNALED(wait_status))
        return token_fail(token, -EIO, "%s: ended by signal %d (%s)", token->origin,
            WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
    return token_fail(token, -EIO, "%s: failed with exit status %d; run it by hand to see why",
        token->origin, WEXITSTATUS(wait_status));
}

static void token_answer(struct token *token, int err)
{
    void (*done)(void *arg, int err) = token->done;
    token->done = NULL;
    if (!err)
        token->problem[0] = '\0';
    done(token->arg, err); /* may have freed the token */
}

static void command_done(struct child *child, int err)
{
    struct token *token =
        (struct token *)(void *)((char *)child - offsetof(struct token, child));
    if (err || child->wait_status != 0)
        err = command_failed(token, err, child->wait_status);
    else
        err = token_accept(token, child->output.data, child->output.len);
    child_release(child);
    token_answer(token, err);
}

/* 0, and the loop will call command_done(); or -errno, with token_problem() set. */
static int start_command(struct token *token, uint64_t deadline_ms)
{
    const struct config *config = token->config;
    /* posix_spawn() wants pointers that are not const, but changes no argument. */
    char *const shell[] = {(char *)"/bin/sh", (char *)"-c", config->token_command, NULL};
    /* `gh` would write its own message about a missing login; ours says more. */
    char *const gh[] = {(char *)"/bin/sh", (char *)"-c",
        (char *)"exec gh auth token --hostname \"$0\" 2>/dev/null", config->token_host, NULL};
    bool is_gh = token->source == TOKEN_FROM_GH;
    int err = child_start(&token->child, token->loop, is_gh ? gh : shell, TOKEN_MAX_BYTES,
        deadline_ms, command_done);
    if (is_gh && (err == -ENOENT || err == -EACCES))
        return no_token(token); /* /bin/sh is not there */
    return err ? command_failed(token, err, 0) : 0;
}

/* --- The whole ------------------------------------------------------------------------ */

static void answer_ready(struct loop_timer *timer)
{
    struct token *token =
        (struct token *)(void *)((char *)timer - offsetof(struct token, answer));
    token_answer(token, token->answer_err);
}

int token_new(struct loop *loop, const struct config *config, struct token **ret)
{
    struct token *token = calloc(1, sizeof *token);
    if (!token)
        return -ENOMEM;
    token->loop = loop;
    token->config = config;
    token->answer.fire = answer_ready;
    int err = choose_source(token);
    if (!config->token_command)
        for (size_t i = 0; i < ALL_VARIABLES; i++)
            wipe_variable(variables[i]);
    if (err) {
        token_free(token);
        return err;
    }
    *ret = token;
    return 0;
}

void token_free(struct token *token)
{
    if (!token)
        return;
    child_release(&token->child);
    loop_clear_timer(token->loop, &token->answer);
    locked_release(&token->variable);
    locked_release(&token->value);
    free(token->origin);
    free(token->path);
    free(token);
}

int token_read(
    struct token *token, uint64_t deadline_ms, void (*done)(void *arg, int err), void *arg)
{
    if (token->done)
        return -EBUSY;
    token->done = done;
    token->arg = arg;
    int err = 0;
    switch (token->source) {
    case TOKEN_FROM_COMMAND:
    case TOKEN_FROM_GH:
        err = start_command(token, deadline_ms);
        if (!err)
            return 0;
        break;
    case TOKEN_FROM_FILE:
    case TOKEN_FROM_CREDENTIAL:
        err = read_file(token);
        break;
    case TOKEN_FROM_VARIABLE:
        err = read_variable(token);
        break;
    case TOKEN_FROM_NOTHING:
        err = no_token(token);
        break;
    }
    token->answer_err = err;
    loop_set_timer(token->loop, &token->answer, 0);
    return 0;
}

bool token_rereadable(const struct token *token)
{
    return token->source != TOKEN_FROM_VARIABLE && token->source != TOKEN_FROM_NOTHING;
}

bool token_runs_command(const struct token *token)
{
    return token->source == TOKEN_FROM_COMMAND || token->source == TOKEN_FROM_GH;
}

const struct locked *token_value(const struct token *token)
{
    return &token->value;
}

const char *token_origin(const struct token *token)
{
    return token->origin;
}

const char *token_problem(const struct token *token)
{
    return token->problem;
}
