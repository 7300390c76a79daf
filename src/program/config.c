#include "program/config.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "program/address.h"
#include "program/arguments.h"
#include "program/certificates.h"
#include "program/values.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

struct parse {
    struct config config;
    char *words[2]; /* the arguments that are no options */
    int word_count;
    char *mount_options; /* for libfuse, escaped */
    bool allows_others;
    enum config_result result;
};

/* Reports, for use where memory ran out. */
static int no_memory(void)
{
    log_error("not enough memory to read the options");
    return -ENOMEM;
}

/* --- Values of options ---------------------------------------------------------------- */

enum value_rule { VALUE_NEEDED, VALUE_NONE, VALUE_ANY };

struct option {
    const char *name;
    /* 0; -EINVAL when `value` is not what `expected` says; -EPERM when `expected` is to be
     * said as it is; -ECANCELED when parsing shall end; or what cannot_be_set() tells. */
    int (*set)(struct parse *p, const struct option *option, const char *value);
    size_t offset; /* of its field in struct config */
    uint64_t min, max;
    const char *const *words; /* in the order of the field's enum */
    const char *expected;     /* the rest of "NAME=VALUE: expected ..." */
    enum value_rule value;
};

static void *option_field(struct parse *p, const struct option *option)
{
    return (char *)&p->config + option->offset;
}

static int set_string(struct parse *p, const struct option *option, const char *value)
{
    char **field = option_field(p, option);
    char *copy = strdup(value);
    if (!copy)
        return -ENOMEM;
    free(*field);
    *field = copy;
    return 0;
}

static int set_plain_string(struct parse *p, const struct option *option, const char *value)
{
    return text_has_control(value) ? -EINVAL : set_string(p, option, value);
}

static int set_path(struct parse *p, const struct option *option, const char *value)
{
    char **field = option_field(p, option), *path;
    int err = value_to_path(value, &path);
    if (err)
        return err;
    free(*field);
    *field = path;
    return 0;
}

static int set_date(struct parse *p, const struct option *option, const char *value)
{
    return value_is_date(value) ? set_string(p, option, value) : -EINVAL;
}

static int set_seconds(struct parse *p, const struct option *option, const char *value)
{
    uint64_t ms;
    if (!value_to_ms(value, option->max, &ms) || ms < option->min)
        return -EINVAL;
    *(uint64_t *)option_field(p, option) = ms;
    return 0;
}

static int set_octal(struct parse *p, const struct option *option, const char *value)
{
    mode_t mode;
    if (!value_to_mode(value, (mode_t)option->max, &mode))
        return -EINVAL;
    *(mode_t *)option_field(p, option) = mode;
    return 0;
}

static int set_number(struct parse *p, const struct option *option, const char *value)
{
    uint64_t number;
    if (!text_to_u64(value, option->max, &number) || number < option->min)
        return -EINVAL;
    *(unsigned *)option_field(p, option) = (unsigned)number;
    return 0;
}

static int set_word(struct parse *p, const struct option *option, const char *value)
{
    for (unsigned i = 0; option->words[i]; i++) {
        if (strcmp(option->words[i], value) == 0) {
            memcpy(option_field(p, option), &i, sizeof i); /* enums have the size of int */
            return 0;
        }
    }
    return -EINVAL;
}

/* Names of programs with colons between. */
static int set_names(struct parse *p, const struct option *option, const char *value)
{
    size_t len = strlen(value);
    bool has_empty = value[0] == ':' || strstr(value, "::") || value[len - 1] == ':';
    if (has_empty || strchr(value, '/') || text_has_control(value))
        return -EINVAL;
    return set_string(p, option, value);
}

static int set_true(struct parse *p, const struct option *option, const char *value)
{
    (void)value;
    *(bool *)option_field(p, option) = true;
    return 0;
}

static int set_result(struct parse *p, const struct option *option, const char *value)
{
    (void)value;
    p->result = (enum config_result)option->min;
    return -ECANCELED;
}

static int set_never(struct parse *p, const struct option *option, const char *value)
{
    (void)p, (void)option, (void)value;
    return -EPERM;
}

/* --- The options ---------------------------------------------------------------------- */

#define FIELD(member) .offset = offsetof(struct config, member)

static const char *const newline_words[] = {"auto", "keep", NULL};
static const char *const visibility_words[] = {"private", "all", "selected", NULL};
static const char *const commit_words[] = {"close", "write", NULL};
static const char *const failed_close_words[] = {"message", "quiet", NULL};

static const char no_home[] = "a path without '~/', since $HOME is not set";

static const struct option options[] = {
    {"api_url", set_string, FIELD(api_url)}, /* checked when HOST is known too */
    {"token_file", set_path, FIELD(token_file), .expected = no_home},
    {"token_command", set_string, FIELD(token_command)},
    {"cacert", set_path, FIELD(ca_file), .expected = no_home},
    {"api_version", set_date, FIELD(api_version), .expected = "a date such as 2026-03-10"},
    /* A day: a listing that is trusted for longer is a wrong listing. */
    {"cache_ttl", set_seconds, FIELD(cache_ttl_ms), .max = 86400000,
        .expected = "seconds from 0 to 86400, such as 10 or 0.5"},
    /* An hour: GitHub's rate limits are counted by the hour, so waiting longer for one never
     * helps. */
    {"timeout", set_seconds, FIELD(timeout_ms), .min = 1, .max = 3600000,
        .expected = "seconds above 0 and up to 3600, such as 30"},
    /* github.com serves 100 at once; a server of one's own may serve more. */
    {"max_requests", set_number, FIELD(max_requests), .min = 1, .max = 256,
        .expected = "a number from 1 to 256"},
    {"newline", set_word, FIELD(newline), .words = newline_words, .expected = "auto or keep"},
    {"visibility", set_word, FIELD(visibility), .words = visibility_words,
        .expected = "private, all or selected"},
    {"commit", set_word, FIELD(commit), .words = commit_words, .expected = "close or write"},
    {"failed_close", set_word, FIELD(failed_close), .words = failed_close_words,
        .expected = "message or quiet"},
    {"replacers", set_names, FIELD(replacers),
        .expected = "names of programs with colons between, such as java:node"},
    /* The highest number is (uid_t)-1, which means "no user". */
    {"uid", set_number, FIELD(uid), .max = UINT32_MAX - 1, .expected = "a user's number"},
    {"gid", set_number, FIELD(gid), .max = UINT32_MAX - 1, .expected = "a group's number"},
    {"umask", set_octal, FIELD(umask), .max = 0777, .expected = "octal, such as 077"},
    {"fsname", set_plain_string, FIELD(fsname), .expected = "no control characters"},
    {"foreground", set_true, FIELD(foreground), .value = VALUE_NONE},
    {"debug", set_true, FIELD(debug), .value = VALUE_NONE},
    {"help", set_result, .min = CONFIG_HELP, .value = VALUE_NONE},
    {"version", set_result, .min = CONFIG_VERSION, .value = VALUE_NONE},
    {"token", set_never, .value = VALUE_ANY,
        .expected = "a token on the command line can be seen by every user (ps): set GH_TOKEN, "
                    "or use -o token_file=FILE"},
};

/* Mount options that libfuse takes from us; those that end in '=' have a value. */
static const char *const for_libfuse[] = {"ro", "rw", "allow_other", "allow_root",
    "auto_unmount", "context=", "fscontext=", "defcontext=", "rootcontext="};

/* Mount options that are accepted and change nothing. First what is always on, or never to be
 * had: mount.fuse3 adds `suid` and `dev` unless told otherwise, and fstab may say `exec`. Then
 * what has no meaning here: every write reaches the program, and times are the server's. Last
 * what is for mount(8), in fstab; mount.fuse3 drops some of it, not all. */
static const char *const ignored[] = {"default_permissions", "nosuid", "nodev", "noexec",
    "suid", "dev", "exec", "sync", "async", "dirsync", "atime", "noatime", "diratime",
    "nodiratime", "relatime", "norelatime", "strictatime", "nostrictatime", "lazytime",
    "nolazytime", "defaults", "auto", "noauto", "nofail", "_netdev", "user", "nouser", "users",
    "owner", "group", "comment"};

static const struct {
    const char *arg, *name;
} short_options[] = {
    {"-f", "foreground"},
    {"-d", "debug"},
    {"-h", "help"},
    {"-V", "version"},
    {"-r", "ro"},
};

/* '-' stands for '_', as is usual after "--". */
static bool name_is(const char *known, const char *name, size_t len)
{
    size_t at = 0;
    while (at < len && (known[at] == name[at] || (known[at] == '_' && name[at] == '-')))
        at++;
    return at == len && (known[at] == '\0' || known[at] == '=');
}

static const struct option *option_find(const char *name, size_t len)
{
    for (size_t i = 0; i < LENGTH(options); i++)
        if (name_is(options[i].name, name, len))
            return &options[i];
    return NULL;
}

static const char *word_find(
    const char *const words[], size_t count, const char *name, size_t len)
{
    for (size_t i = 0; i < count; i++)
        if (name_is(words[i], name, len))
            return words[i];
    return NULL;
}

/* "--NAME", "-X" or "NAME" as the name of an option, and how long it is. */
static const char *option_name(const char *arg, size_t *ret_len)
{
    for (size_t i = 0; i < LENGTH(short_options); i++)
        if (strcmp(arg, short_options[i].arg) == 0)
            arg = short_options[i].name;
    if (strncmp(arg, "--", 2) == 0)
        arg += 2;
    *ret_len = strcspn(arg, "=");
    return arg;
}

const char *config_option(size_t index)
{
    return index < LENGTH(options) ? options[index].name : NULL;
}

/* The value is not shown: a misspelt option may have a token for one. */
static int unknown_option(const char *arg)
{
    char shown[64];
    bool is_short = arg[0] == '-' && arg[1] != '-';
    for (size_t i = 0; i < LENGTH(short_options); i++) {
        if (strncmp(arg, short_options[i].arg, 2) == 0) {
            log_error("option %.2s: nothing can be joined to it: give each option by itself, "
                      "as in '-f -d -o ro'",
                arg);
            return -EINVAL;
        }
    }
    text_printable(shown, sizeof shown, arg, is_short ? strnlen(arg, 2) : strcspn(arg, "="));
    log_error("unknown option '%s': see 'ghsecretfs --help'%s", shown,
        arg[0] == '-' ? "" : " (in -o a comma within a value is written '\\,')");
    return -EINVAL;
}

/* `name` may end with '='. */
static int check_value(const char *name, enum value_rule rule, const char *value)
{
    int len = (int)strcspn(name, "=");
    if (rule == VALUE_NEEDED && (!value || !*value))
        log_error("option %.*s needs a value: %.*s=...", len, name, len, name);
    else if (rule == VALUE_NONE && value)
        log_error("option %s takes no value", name);
    else
        return 0;
    return -EINVAL;
}

static int pass_to_libfuse(struct parse *p, const char *known, const char *value)
{
    char *text;
    if (check_value(known, text_has_suffix(known, "=") ? VALUE_NEEDED : VALUE_NONE, value) != 0)
        return -EINVAL;
    p->config.allow_root |= strcmp(known, "allow_root") == 0;
    p->allows_others |= strcmp(known, "allow_other") == 0;
    if (asprintf(&text, "%s%s", known, value ? value : "") < 0)
        return no_memory();
    int err = fuse_opt_add_opt_escaped(&p->mount_options, text) == 0 ? 0 : no_memory();
    free(text);
    return err;
}

/* Why an option of the right form could not be taken. */
static const char *cannot_be_set(int err)
{
    return err == -ENOMEM   ? "not enough memory"
           : err == -EINVAL ? no_home
                            : "the working directory, from which it is given, cannot be found";
}

static int set_option(struct parse *p, const struct option *option, const char *value)
{
    int err = check_value(option->name, option->value, value);
    if (err)
        return err;
    err = option->set(p, option, value);
    if (err == -EINVAL) {
        char shown[128];
        text_printable(shown, sizeof shown, value, strlen(value));
        log_error("%s=%s: expected %s", option->name, shown, option->expected);
    } else if (err == -EPERM) {
        log_error("%s", option->expected);
    } else if (err && err != -ECANCELED) {
        log_error("%s: %s", option->name, cannot_be_set(err));
    }
    return err;
}

/* 0, or a negative errno for what was reported already (or needs no report). */
static int parse_option(void *data, const char *arg)
{
    struct parse *p = data;
    /* "x-systemd.automount" and the like are for others. */
    if (!*arg || strncasecmp(arg, "x-", 2) == 0)
        return 0;
    size_t len;
    const char *name = option_name(arg, &len), *known;
    const char *value = name[len] ? name + len + 1 : NULL;
    const struct option *option = option_find(name, len);
    if (option)
        return set_option(p, option, value);
    if ((known = word_find(for_libfuse, LENGTH(for_libfuse), name, len)))
        return pass_to_libfuse(p, known, value);
    if (word_find(ignored, LENGTH(ignored), name, len))
        return 0;
    return unknown_option(arg);
}

static int parse_word(void *data, const char *arg)
{
    struct parse *p = data;
    if (p->word_count == 2) {
        log_error("too many arguments: expected [[HOST:]PATH] MOUNTPOINT");
        return -EINVAL;
    }
    char *copy = strdup(arg);
    if (!copy)
        return no_memory();
    p->words[p->word_count++] = copy;
    return 0;
}

/* --- The whole ------------------------------------------------------------------------ */

static int path_from_environment(const char *name, char **ret)
{
    const char *value = getenv(name);
    if (!value || !*value)
        return 0;
    int err = value_to_path(value, ret);
    if (err)
        log_error("%s: %s", name, cannot_be_set(err));
    return err;
}

static int set_certificates(struct config *config)
{
    config->ca_file_given = config->ca_file != NULL;
    if (config->ca_file_given)
        return 0;
    int err = path_from_environment("SSL_CERT_FILE", &config->ca_file);
    return err ? err : path_from_environment("SSL_CERT_DIR", &config->ca_dir);
}

/* Files that are read again while the mount is up must not be under it: the loop would wait
 * for itself. What does not exist now is found missing before the mount. */
static int check_outside_mount(const struct config *config, const char *name, const char *path)
{
    char real_mount[PATH_MAX], real_path[PATH_MAX], shown[PATH_MAX];
    if (!path || !realpath(config->mountpoint, real_mount) || !realpath(path, real_path))
        return 0;
    if (!text_is_within(real_path, real_mount))
        return 0;
    text_printable(shown, sizeof shown, path, strlen(path));
    log_error("%s: %s is inside the mount point, where the mount will hide it", name, shown);
    return -EINVAL;
}

static int set_words(struct parse *p)
{
    int last = p->word_count - 1;
    if (last < 0 || !*p->words[last]) {
        log_error("no mount point given: see 'ghsecretfs --help'");
        return -EINVAL;
    }
    p->config.mountpoint = p->words[last];
    p->words[last] = NULL;
    return address_parse_source(&p->config, p->words[0]);
}

/* What the environment says is not looked at where there is no TLS. */
static int check_certificates(const struct config *config)
{
    bool is_used = strncasecmp(config->api_url, "https:", 6) == 0;
    int err = 0;

    if (config->ca_file_given)
        return certificates_check("cacert", config->ca_file);
    if (is_used && config->ca_file)
        err = certificates_check("SSL_CERT_FILE", config->ca_file);
    if (!err && is_used && config->ca_dir)
        err = certificates_check_directories("SSL_CERT_DIR", config->ca_dir);
    return err;
}

static int check_files(struct config *config)
{
    const struct {
        const char *name, *path;
    } files[] = {
        {"token_file", config->token_file},
        {"cacert", config->ca_file},
        {"SSL_CERT_DIR", config->ca_dir},
    };
    if (config->token_file && config->token_command) {
        log_error("token_file and token_command can't be used together: give one of them");
        return -EINVAL;
    }
    int err = 0;
    for (size_t i = 0; !err && i < LENGTH(files); i++)
        err = check_outside_mount(config, files[i].name, files[i].path);
    return err ? err : check_certificates(config);
}

/* The kernel lets in nobody but who mounts, whom the modes then shut out; root needs no modes,
 * but would not give uid= for root's own sake. */
static int check_owner_gets_in(const struct parse *p)
{
    uid_t uid = p->config.uid;
    bool lets_root_in = p->config.allow_root && geteuid() != 0;
    if (uid == geteuid() || p->allows_others || lets_root_in)
        return 0;
    log_error("uid=%u: user %u could not enter the mount: add allow_other, or have that user "
              "mount",
        (unsigned)uid, (unsigned)uid);
    return -EINVAL;
}

/* Ours come last, so that they win. */
static int set_fuse_args(struct parse *p)
{
    struct config *config = &p->config;
    struct fuse_args *args = &config->fuse_args;
    char *fsname;
    if (asprintf(&fsname, "fsname=%s", config->fsname ? config->fsname : config->source) < 0)
        return no_memory();
    const char *const ours[] = {
        "nosuid",
        "nodev",
        "noexec",
        "default_permissions",
        "subtype=ghsecretfs",
        fsname,
        config->debug ? "debug" : NULL,
    };
    int failed = 0;
    for (size_t i = 0; !failed && i < LENGTH(ours) && ours[i]; i++)
        failed = fuse_opt_add_opt_escaped(&p->mount_options, ours[i]);
    free(fsname);
    if (failed || fuse_opt_add_arg(args, "ghsecretfs") || fuse_opt_add_arg(args, "-o") ||
        fuse_opt_add_arg(args, p->mount_options))
        return no_memory();
    return 0;
}

static int parse_finish(struct parse *p)
{
    struct config *config = &p->config;
    config->foreground |= config->debug;
    if (!config->api_version && !(config->api_version = strdup("2026-03-10")))
        return no_memory();
    int err = set_words(p);
    if (!err)
        err = address_set_api(config);
    if (!err)
        err = set_certificates(config);
    if (!err)
        err = check_files(config);
    if (!err)
        err = check_owner_gets_in(p);
    if (!err)
        err = set_fuse_args(p);
    return err;
}

enum config_result config_parse(char *const argv[], struct config *ret)
{
    struct parse p = {
        .result = CONFIG_ERROR,
        .config =
            {
                .cache_ttl_ms = 10000,
                .timeout_ms = 30000,
                .max_requests = 64,
                .uid = geteuid(),
                .gid = getegid(),
            },
    };
    if (arguments_walk(argv, parse_option, parse_word, &p) == 0 && parse_finish(&p) == 0)
        p.result = CONFIG_OK;
    free(p.words[0]);
    free(p.words[1]);
    free(p.mount_options);
    if (p.result == CONFIG_OK)
        *ret = p.config;
    else
        config_release(&p.config);
    return p.result;
}

void config_release(struct config *config)
{
    free(config->mountpoint);
    free(config->host);
    free(config->path);
    free(config->source);
    free(config->fsname);
    free(config->api_url);
    free(config->api_host);
    free(config->api_version);
    free(config->token_host);
    free(config->token_file);
    free(config->token_command);
    free(config->ca_file);
    free(config->ca_dir);
    free(config->replacers);
    fuse_opt_free_args(&config->fuse_args);
    *config = (struct config){0};
}
