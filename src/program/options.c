#include "program/options.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "base/log.h"
#include "program/option_values.h"

#define FIELD(member) .offset = offsetof(struct config, member)

/* --- The table ------------------------------------------------------------------------ */

static const struct option_word newline_words[] = {
    {"auto", NEWLINE_AUTO}, {"keep", NEWLINE_KEEP}, {NULL, 0}};
static const struct option_word visibility_words[] = {{"private", VISIBILITY_PRIVATE},
    {"all", VISIBILITY_ALL}, {"selected", VISIBILITY_SELECTED}, {NULL, 0}};
static const struct option_word commit_words[] = {{"close", false}, {"write", true}, {NULL, 0}};
static const struct option_word failed_close_words[] = {
    {"message", true}, {"quiet", false}, {NULL, 0}};

const struct option option_table[] = {
    {"token_file", take_path, FIELD(token_file), .argument = "FILE", .expected = EXPECTED_PATH,
        .help = "the first line is the token; mode 0600"},
    {"token_command", take_text, FIELD(token_command), .argument = "CMD",
        .help = "prints the token; run by sh"},
    /* address_set_api() checks the URL, for which HOST must be known too. */
    {"api_url", take_text, FIELD(api_url), .argument = "URL",
        .help = "REST base (the one of HOST)"},
    {"cacert", take_path, FIELD(ca_file), .argument = "FILE", .expected = EXPECTED_PATH,
        .help = "certificates to trust (the system's)"},
    {"api_version", take_date, FIELD(api_version), .argument = "DATE", .initial = "2026-03-10",
        .expected = "a date such as 2026-03-10", .help = "of the REST API"},
    /* A day: a listing that is trusted for longer is a wrong listing. */
    {"cache_ttl", take_seconds, FIELD(cache_ttl_ms), .argument = "SECONDS", .initial = "10",
        .max = 86400000, .expected = "seconds from 0 to 86400, such as 10 or 0.5",
        .help = "how long a listing is trusted"},
    /* An hour: GitHub's rate limits are counted by the hour, so waiting longer for one never
     * helps. */
    {"timeout", take_seconds, FIELD(timeout_ms), .argument = "SECONDS", .initial = "30",
        .min = 1, .max = 3600000, .expected = "seconds above 0 and up to 3600, such as 30",
        .help = "longest wait of one operation"},
    /* github.com serves 100 at once; a server of one's own may serve more. */
    {"max_requests", take_number, FIELD(max_requests), .argument = "N", .initial = "64",
        .min = 1, .max = 256, .expected = "a number from 1 to 256", .help = "requests at once"},
    {"newline", take_word, FIELD(newline), .words = newline_words, .initial = "auto",
        .help = "auto drops the line end of a one-line value"},
    {"visibility", take_word, FIELD(visibility), .words = visibility_words,
        .initial = "private", .help = "of new organization secrets"},
    {"commit", take_choice, FIELD(commit_on_write), .words = commit_words, .initial = "close",
        .help = "when a value is uploaded"},
    {"replacers", take_names, FIELD(replacers), .argument = "NAME[:NAME...]",
        .expected = "names of programs with colons between, such as java:node",
        .help = "programs that remove, then create"},
    {"failed_close", take_choice, FIELD(tell_writers), .words = failed_close_words,
        .initial = "message", .help = "on the writer's standard error"},

    {"ro", pass_to_libfuse, .letter = 'r', .help = ""},
    {"allow_other", pass_flag_to_libfuse, FIELD(allow_other), .help = ""},
    {"allow_root", pass_flag_to_libfuse, FIELD(allow_root), .help = ""},
    {"auto_unmount", pass_to_libfuse, .help = ""},
    /* The highest number is (uid_t)-1, which means "no user". */
    {"uid", take_number, FIELD(uid), .argument = "NUMBER", .max = UINT32_MAX - 1,
        .expected = "a user's number", .help = ""},
    {"gid", take_number, FIELD(gid), .argument = "NUMBER", .max = UINT32_MAX - 1,
        .expected = "a group's number", .help = ""},
    {"umask", take_octal, FIELD(umask), .argument = "OCTAL", .max = 0777,
        .expected = "octal, such as 077", .help = ""},
    {"fsname", take_line, FIELD(fsname), .argument = "NAME",
        .expected = "no control characters", .help = ""},

    {"foreground", take_flag, FIELD(foreground), .letter = 'f', .help = "foreground"},
    {"debug", take_flag, FIELD(debug), .letter = 'd', .help = "the same, with FUSE debugging"},
    {"help", take_result, .min = CONFIG_HELP, .letter = 'h', .help = "this help"},
    {"version", take_result, .min = CONFIG_VERSION, .letter = 'V', .help = "version"},

    {"rw", .take = pass_to_libfuse},
    {"context", pass_to_libfuse, .argument = "CONTEXT"},
    {"fscontext", pass_to_libfuse, .argument = "CONTEXT"},
    {"defcontext", pass_to_libfuse, .argument = "CONTEXT"},
    {"rootcontext", pass_to_libfuse, .argument = "CONTEXT"},
    {"token", .refusal = "a token on the command line can be seen by every user (ps): set "
                         "GH_TOKEN, or use -o token_file=FILE"},
    {.name = NULL},
};

/* Mount options that are accepted and change nothing, in three groups. The first options are
 * always on, or can never be had: mount.fuse3 adds `suid` and `dev` unless told otherwise, and
 * fstab may say `exec`. The next have no meaning here, since every write reaches the program
 * and all times are the server's. The last are for mount(8), in fstab: mount.fuse3 takes some
 * of these options out, not all. */
static const char *const ignored[] = {"default_permissions", "nosuid", "nodev", "noexec",
    "suid", "dev", "exec", "sync", "async", "dirsync", "atime", "noatime", "diratime",
    "nodiratime", "relatime", "norelatime", "strictatime", "nostrictatime", "lazytime",
    "nolazytime", "defaults", "auto", "noauto", "nofail", "_netdev", "user", "nouser", "users",
    "owner", "group", "comment", NULL};

/* --- The rows, read ------------------------------------------------------------------- */

bool option_has_value(const struct option *option)
{
    return option->argument || option->words;
}

void option_write_words(const struct option *option, const char *between,
    const char *before_last, char *ret, size_t size)
{
    size_t len = 0;
    for (const struct option_word *word = option->words; word->text && len < size; word++) {
        const char *gap = word == option->words ? "" : word[1].text ? between : before_last;
        len += (size_t)snprintf(ret + len, size - len, "%s%s", gap, word->text);
    }
}

int options_set_initial(struct config *config)
{
    int err = 0;
    for (const struct option *option = option_table; !err && option->name; option++)
        if (option->initial)
            err = option->take(config, option, option->initial);
    return err;
}

void options_release(struct config *config)
{
    for (const struct option *option = option_table; option->name; option++)
        option_free_text(config, option);
}

/* --- One option of the command line --------------------------------------------------- */

/* '-' stands for '_', as is usual after "--". */
static bool name_is(const char *known, const char *name, size_t len)
{
    size_t at = 0;
    while (at < len && (known[at] == name[at] || (known[at] == '_' && name[at] == '-')))
        at++;
    return at == len && known[at] == '\0';
}

static const struct option *find_name(const char *name, size_t len)
{
    for (const struct option *option = option_table; option->name; option++)
        if (name_is(option->name, name, len))
            return option;
    return NULL;
}

static const struct option *find_letter(char letter)
{
    for (const struct option *option = option_table; letter && option->name; option++)
        if (option->letter == letter)
            return option;
    return NULL;
}

static bool is_ignored(const char *name, size_t len)
{
    for (const char *const *known = ignored; *known; known++)
        if (name_is(*known, name, len))
            return true;
    return false;
}

/* The message does not show the value: of a misspelt option the value may be a token. */
static int unknown_option(const char *arg)
{
    char shown[64];
    bool is_short = arg[0] == '-' && arg[1] != '-';
    if (is_short && find_letter(arg[1])) {
        log_error("option %.2s: nothing can be joined to it: give each option by itself, as in "
                  "'-f -d -o ro'",
            arg);
        return -EINVAL;
    }
    text_printable(shown, sizeof shown, arg, is_short ? strnlen(arg, 2) : strcspn(arg, "="));
    log_error("unknown option '%s': see 'ghsecretfs --help'%s", shown,
        arg[0] == '-' ? "" : " (in -o a comma within a value is written '\\,')");
    return -EINVAL;
}

static int unexpected_value(const struct option *option, const char *value)
{
    char shown[128], words[128];
    text_printable(shown, sizeof shown, value, strlen(value));
    if (option->words)
        option_write_words(option, ", ", " or ", words, sizeof words);
    log_error(
        "%s=%s: expected %s", option->name, shown, option->words ? words : option->expected);
    return -EINVAL;
}

static int take(struct config *config, const struct option *option, const char *value)
{
    const char *name = option->name;
    if (option->refusal)
        log_error("%s", option->refusal);
    else if (option_has_value(option) && (!value || !*value))
        log_error("option %s needs a value: %s=...", name, name);
    else if (!option_has_value(option) && value)
        log_error("option %s takes no value", name);
    else {
        int err = option->take(config, option, value);
        if (err == -EINVAL && value)
            return unexpected_value(option, value);
        if (err < 0)
            log_error("%s: %s", name, path_problem(err));
        return err;
    }
    return -EINVAL;
}

int options_take(struct config *config, const char *arg)
{
    bool is_letter = arg[0] == '-' && arg[1] != '-' && arg[1] && !arg[2];
    const char *name = arg + (strncmp(arg, "--", 2) == 0 ? 2 : 0);
    size_t len = strcspn(name, "=");
    /* "x-systemd.automount" and the like are for other programs. */
    if (!*arg || strncasecmp(arg, "x-", 2) == 0)
        return 0;
    const struct option *option = is_letter ? find_letter(arg[1]) : find_name(name, len);
    if (option)
        return take(config, option, name[len] ? name + len + 1 : NULL);
    return is_ignored(name, len) ? 0 : unknown_option(arg);
}
