/*
 * config.h and help.h: command lines in, a struct or one line on standard error out.
 */
#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "help.h"
#include "options.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define MAX_ARGS 6

/* A file with a certificate's first line, and the option that names the file. */
static char ca_file[] = "/tmp/config_test_ca.XXXXXX";
static char cacert_option[64];

/* What the last parse() wrote to standard error. */
static char message[4096];

/* The result for "ghsecretfs" and `args`, which end with NULL. */
static enum config_result parse(const char *const args[], struct config *ret)
{
    char *argv[MAX_ARGS + 2] = {(char *)"ghsecretfs"};
    for (int i = 0; args[i]; i++)
        argv[i + 1] = (char *)args[i];

    int capture = memfd_create("stderr", MFD_CLOEXEC), saved = dup(STDERR_FILENO);
    assert_true(capture >= 0 && saved >= 0);
    assert_true(dup2(capture, STDERR_FILENO) >= 0);
    enum config_result result = config_parse(argv, ret);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    ssize_t n = pread(capture, message, sizeof message - 1, 0);
    assert_true(n >= 0);
    message[n] = '\0';
    close(capture);
    return result;
}

static struct config parsed(const char *const args[])
{
    struct config config = {0};
    if (parse(args, &config) != CONFIG_OK)
        fail_msg("'%s': %s", args[0], message);
    assert_string_equal(message, "");
    return config;
}

/* A failure is one line, says `part`, and leaves the result alone. */
static void assert_refused(const char *const args[], const char *part)
{
    static const struct config untouched;
    struct config config = {0};
    if (parse(args, &config) != CONFIG_ERROR)
        fail_msg("'%s' was accepted", args[0]);
    assert_memory_equal(&config, &untouched, sizeof config);
    const char *end = strchr(message, '\n');
    if (!strstr(message, part) || !end || end[1] != '\0')
        fail_msg("'%s': '%s' should say '%s' in one line", args[0], message, part);
}

static void assert_string(const char *actual, const char *expected)
{
    if (expected) {
        assert_non_null(actual);
        assert_string_equal(actual, expected);
    } else {
        assert_null(actual);
    }
}

/* Whether the mount options for libfuse have this one, whole. */
static bool has_mount_option(const struct config *config, const char *option)
{
    const struct fuse_args *args = &config->fuse_args;
    assert_int_equal(args->argc, 3);
    assert_string_equal(args->argv[1], "-o");
    size_t len = strlen(option);
    for (const char *at = args->argv[2]; (at = strstr(at, option)); at++)
        if ((at == args->argv[2] || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
            return true;
    return false;
}

/* --- SOURCE --------------------------------------------------------------------------- */

static const struct {
    const char *source, *variable; /* $GH_HOST */
    const char *host, *path, *shown;
} sources[] = {
    {NULL, NULL, "github.com", "", "github.com:"},
    {"", NULL, "github.com", "", "github.com:"},
    {"github.com:", NULL, "github.com", "", "github.com:"},
    {"orgs", NULL, "github.com", "orgs", "github.com:orgs"},
    {"orgs/", NULL, "github.com", "orgs", "github.com:orgs"},
    {"h:repos/a/b/actions/secrets/", NULL, "h", "repos/a/b/actions/secrets",
        "h:repos/a/b/actions/secrets"},
    {"GHE.Example.org:repos/a/b", NULL, "ghe.example.org", "repos/a/b",
        "ghe.example.org:repos/a/b"},
    {"acme.ghe.com:", NULL, "acme.ghe.com", "", "acme.ghe.com:"},
    {"10.0.0.1:orgs/a", NULL, "10.0.0.1", "orgs/a", "10.0.0.1:orgs/a"},
    {"[::1]:orgs", NULL, "[::1]", "orgs", "[::1]:orgs"},
    {"repos/a/b/environments/x:y", NULL, "github.com", "repos/a/b/environments/x:y",
        "github.com:repos/a/b/environments/x:y"},
    {"h:repos/a/b/environments/x:y", NULL, "h", "repos/a/b/environments/x:y",
        "h:repos/a/b/environments/x:y"},
    {"repos/a/.github", NULL, "github.com", "repos/a/.github", "github.com:repos/a/.github"},
    {"repos/a/...", NULL, "github.com", "repos/a/...", "github.com:repos/a/..."},
    {NULL, "GHE.example", "ghe.example", "", "ghe.example:"},
    {"orgs", "ghe.example", "ghe.example", "orgs", "ghe.example:orgs"},
    {"github.com:orgs", "ghe.example", "github.com", "orgs", "github.com:orgs"},
    {NULL, "", "github.com", "", "github.com:"},
};

static void test_sources(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(sources); i++) {
        const char *source = sources[i].source;
        const char *const args[] = {source ? source : "/mnt", source ? "/mnt" : NULL, NULL};
        if (sources[i].variable)
            setenv("GH_HOST", sources[i].variable, 1);
        struct config config = parsed(args);
        unsetenv("GH_HOST");
        assert_string_equal(config.mountpoint, "/mnt");
        assert_string_equal(config.host, sources[i].host);
        assert_string_equal(config.path, sources[i].path);
        assert_string_equal(config.source, sources[i].shown);
        config_release(&config);
    }
}

static const struct {
    const char *source, *problem;
} bad_sources[] = {
    {"/orgs", "not a path"},
    {"/", "not a path"},
    {"github.com:/orgs", "not a path"},
    {"orgs//a", "not a path"},
    {"orgs//", "not a path"},
    {"github.com:/", "not a path"},
    {".", "not a path"},
    {"..", "not a path"},
    {"orgs/../repos", "not a path"},
    {"orgs/./a", "not a path"},
    {"orgs/..", "not a path"},
    {"or\ngs", "not a path"},
    {":orgs", "nothing is before the first ':'"},
    {"m\303\274nchen.example:", "in ASCII: xn--..."},
    {"x-:orgs", "not a host name"},
    {"a..b:", "not a host name"},
    {"a.:", "not a host name"},
    {"user@host:", "no user goes before it"},
    {"a b:", "not a host name"},
    {"[::1:", "not a host name"},
    {"::1:", "IPv6 address goes in brackets"},
    {"[x]:", "not a host name"},
    {"[::1%lo]:", "not a host name"},
    {"localhost:8443:repos/x", "api_url"},
    {"https://github.com/acme/web", "SOURCE: a URL can't be given here: expected [HOST:]PATH"},
    {"HTTPS://me:hunter2@ghe.example:8443/", "a URL can't be given here"},
    {"ssh://git@github.com/acme/web.git", "a URL can't be given here"},
    {"git@github.com:acme/web", "'git@github.com' is not a host name"},
    {"api.github.com:orgs", "SOURCE: give github.com instead of api.github.com"},
    {"www.GitHub.com:", "give github.com instead of www.github.com"},
    {"api.acme.ghe.com:", "give acme.ghe.com instead of api.acme.ghe.com"},
};

static void test_bad_sources(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(bad_sources); i++) {
        const char *const args[] = {bad_sources[i].source, "/mnt", NULL};
        assert_refused(args, bad_sources[i].problem);
        assert_null(strstr(message, "hunter2"));
    }
    setenv("GH_HOST", "https://github.com", 1);
    assert_refused((const char *const[]){"/mnt", NULL},
        "GH_HOST: a URL can't be given here: expected a host name");
    setenv("GH_HOST", "api.github.com", 1);
    assert_refused((const char *const[]){"/mnt", NULL}, "GH_HOST: give github.com instead of");
    unsetenv("GH_HOST");
}

static void test_words(void **state)
{
    (void)state;
    /* One argument is the mount point, whatever it looks like. */
    struct config config = parsed((const char *const[]){"a.b:c", NULL});
    assert_string_equal(config.mountpoint, "a.b:c");
    assert_string_equal(config.source, "github.com:");
    config_release(&config);
    config = parsed((const char *const[]){"-f", "--", "-x:", NULL});
    assert_string_equal(config.mountpoint, "-x:");
    config_release(&config);
    assert_refused((const char *const[]){NULL}, "no mount point");
    assert_refused((const char *const[]){"", NULL}, "no mount point");
    assert_refused((const char *const[]){"-o", "ro", NULL}, "no mount point");
    assert_refused((const char *const[]){"a", "b", "c", NULL}, "too many arguments");
    assert_refused((const char *const[]){"/mnt", "-o", NULL}, "-o");
}

/* --- api_url -------------------------------------------------------------------------- */

static const struct {
    const char *source, *api_url; /* NULL: not given */
    const char *url, *api_host, *token_host;
    bool enterprise, loopback;
} urls[] = {
    {"", NULL, "https://api.github.com", "api.github.com", "github.com", false, false},
    {"X.ghe.com:", NULL, "https://api.x.ghe.com", "api.x.ghe.com", "x.ghe.com", false, false},
    {"ghe.com:", NULL, "https://ghe.com/api/v3", "ghe.com", "ghe.com", true, false},
    {"xghe.com:", NULL, "https://xghe.com/api/v3", "xghe.com", "xghe.com", true, false},
    {"git.a.org:", NULL, "https://git.a.org/api/v3", "git.a.org", "git.a.org", true, false},
    {"[::1]:", NULL, "https://[::1]/api/v3", "::1", "::1", true, true},
    {"", "https://API.GitHub.com/", "https://API.GitHub.com", "api.github.com", "github.com",
        false, false},
    {"", "https://api.x.ghe.com", "https://api.x.ghe.com", "api.x.ghe.com", "x.ghe.com", false,
        false},
    {"", "https://api.a.org:8443/x//", "https://api.a.org:8443/x", "api.a.org", "api.a.org",
        true, false},
    {"", "https://github.com.evil.org", "https://github.com.evil.org", "github.com.evil.org",
        "github.com.evil.org", true, false},
    {"", "http://127.0.0.1:80", "http://127.0.0.1:80", "127.0.0.1", "127.0.0.1", true, true},
    {"", "http://127.9.9.9/api/v3", "http://127.9.9.9/api/v3", "127.9.9.9", "127.9.9.9", true,
        true},
    {"", "HTTP://LocalHost:1/", "HTTP://LocalHost:1", "localhost", "localhost", true, true},
    {"", "http://[::1]:65535", "http://[::1]:65535", "::1", "::1", true, true},
};

static void test_urls(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(urls); i++) {
        char option[128] = "";
        if (urls[i].api_url)
            (void)snprintf(option, sizeof option, "--api_url=%s", urls[i].api_url);
        const char *const args[] = {urls[i].source, "/mnt", *option ? option : NULL, NULL};
        struct config config = parsed(args);
        assert_string_equal(config.api_url, urls[i].url);
        assert_string_equal(config.api_host, urls[i].api_host);
        assert_string_equal(config.token_host, urls[i].token_host);
        assert_int_equal(config.api_url_given, urls[i].api_url != NULL);
        assert_int_equal(config.token_is_enterprise, urls[i].enterprise);
        assert_int_equal(config.api_loopback, urls[i].loopback);
        config_release(&config);
    }
}

static const struct {
    const char *url, *problem;
} bad_urls[] = {
    {"http://github.com", "use https"},
    {"http://127.0.0.1.evil.org", "use https"},
    {"http://localhost.evil.org", "use https"},
    {"http://128.0.0.1", "use https"},
    {"https://github.com", "its host has the web pages"},
    {"https://GitHub.com:443/api/v3", "its host has the web pages"},
    {"https://x.ghe.com/", "its host has the web pages"},
    {"http://[::2]", "use https"},
    {"ftp://a.org", "expected https://"},
    {"api.github.com", "expected https://"},
    {"https:", "expected https://"},
    {"https://", "expected https://"},
    {"https:///x", "not a host name"},
    {"https://[::1]x/", "expected https://"},
    {"https://a..b", "not a host name"},
    {"https://user:hunter2@a.org", "no user name"},
    {"https://hunter2@a.org", "no user name"},
    {"https://a.org?token=hunter2", "no query"},
    {"https://a.org/#hunter2", "no query"},
    {"https://a.org\\x", "backslash"},
    {"https://a.org/a b", "spaces"},
    {"https://a.org/\n", "spaces"},
    {"https://\xc3\xa9.org", "non-ASCII"},
    {"https://a.org:0", "port"},
    {"https://a.org:65536", "port"},
    {"https://a.org:", "port"},
    {"https://a.org:x/", "port"},
    {"https://a.org:1:2/", "port"},
    {"", "needs a value"},
};

static void test_bad_urls(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(bad_urls); i++) {
        char option[128];
        (void)snprintf(option, sizeof option, "--api-url=%s", bad_urls[i].url);
        assert_refused((const char *const[]){option, "/mnt", NULL}, bad_urls[i].problem);
        assert_null(strstr(message, "hunter2"));
    }
}

/* --- Options -------------------------------------------------------------------------- */

static void test_defaults(void **state)
{
    (void)state;
    struct config config = parsed((const char *const[]){"/mnt", NULL});
    assert_null(config.fsname);
    assert_null(config.token_file);
    assert_null(config.token_command);
    assert_null(config.ca_file);
    assert_null(config.ca_dir);
    assert_null(config.replacers);
    assert_string_equal(config.api_version, "2026-03-10");
    assert_int_equal(config.cache_ttl_ms, 10000);
    assert_int_equal(config.timeout_ms, 30000);
    assert_int_equal(config.max_requests, 64);
    assert_int_equal(config.newline, NEWLINE_AUTO);
    assert_int_equal(config.visibility, VISIBILITY_PRIVATE);
    assert_false(config.commit_on_write);
    assert_true(config.tell_writers);
    assert_int_equal(config.uid, geteuid());
    assert_int_equal(config.gid, getegid());
    assert_int_equal(config.umask, 0);
    assert_false(config.foreground);
    assert_false(config.debug);
    assert_string_equal(config.fuse_args.argv[2],
        "nosuid,nodev,noexec,default_permissions,subtype=ghsecretfs,fsname=github.com:");
    config_release(&config);
}

static void test_all_options(void **state)
{
    (void)state;
    const char *const list =
        "token_file=/t,api_version=2022-11-28,cache_ttl=0.5,timeout=3600,max_requests=256,"
        "newline=keep,visibility=selected,commit=write,failed_close=quiet,replacers=java:node,"
        "uid=1,gid=2,umask=027,allow_other";
    struct config config = parsed((const char *const[]){
        "-o", list, cacert_option, "-ofsname=a\\,b,ro", "-d", "/mnt", NULL});
    assert_string_equal(config.token_file, "/t");
    assert_string_equal(config.api_version, "2022-11-28");
    assert_int_equal(config.cache_ttl_ms, 500);
    assert_int_equal(config.timeout_ms, 3600000);
    assert_int_equal(config.max_requests, 256);
    assert_int_equal(config.newline, NEWLINE_KEEP);
    assert_int_equal(config.visibility, VISIBILITY_SELECTED);
    assert_true(config.commit_on_write);
    assert_false(config.tell_writers);
    assert_string_equal(config.replacers, "java:node");
    assert_int_equal(config.uid, 1);
    assert_int_equal(config.gid, 2);
    assert_int_equal(config.umask, 027);
    assert_string_equal(config.ca_file, ca_file);
    assert_string_equal(config.fsname, "a,b");
    assert_true(config.foreground);
    assert_true(config.debug);
    assert_string_equal(config.fuse_args.argv[2],
        "allow_other,ro,nosuid,nodev,noexec,default_permissions,subtype=ghsecretfs,"
        "fsname=a\\,b,debug");
    config_release(&config);
}

/* Whom uid= gives the mount must get in. */
static void test_owner(void **state)
{
    (void)state;
    char own[32], other[32], both[48];
    (void)snprintf(own, sizeof own, "uid=%u", (unsigned)geteuid());
    (void)snprintf(other, sizeof other, "uid=%u", (unsigned)geteuid() + 1);
    (void)snprintf(both, sizeof both, "%s,allow_other", other);
    struct config config = parsed((const char *const[]){"-o", own, "/mnt", NULL});
    config_release(&config);
    config = parsed((const char *const[]){"-o", both, "/mnt", NULL});
    assert_int_equal(config.uid, geteuid() + 1);
    config_release(&config);
    assert_refused((const char *const[]){"-o", other, "/mnt", NULL}, "add allow_other");
    const char *const lent_to_root[] = {"-o", other, "-oallow_root", "/mnt", NULL};
    if (geteuid() == 0) {
        assert_refused(lent_to_root, "add allow_other");
    } else {
        config = parsed(lent_to_root);
        config_release(&config);
    }
}

static void test_home(void **state)
{
    (void)state;
    char *home = getenv("HOME"), *saved = home ? strdup(home) : NULL;
    setenv("HOME", "/home/a", 1);
    struct config config =
        parsed((const char *const[]){"-o", "ro,token_file=~/t,newline=keep", "/mnt", NULL});
    assert_string_equal(config.token_file, "/home/a/t");
    config_release(&config);
    config = parsed((const char *const[]){"--token_file=/~/t", "/mnt", NULL});
    assert_string_equal(config.token_file, "/~/t");
    config_release(&config);
    assert_refused(
        (const char *const[]){"--cacert=~/none.pem", "/mnt", NULL}, "/home/a/none.pem");
    setenv("HOME", "", 1);
    assert_refused((const char *const[]){"-otoken_file=~/t", "/mnt", NULL}, "$HOME is not set");
    unsetenv("HOME");
    assert_refused((const char *const[]){"-ocacert=~/t", "/mnt", NULL}, "$HOME is not set");
    if (saved)
        setenv("HOME", saved, 1);
    free(saved);
}

static void test_no_working_directory(void **state)
{
    (void)state;
    char *saved = getcwd(NULL, 0), gone[] = "/tmp/config_test.XXXXXX";
    assert_non_null(saved);
    assert_non_null(mkdtemp(gone));
    assert_int_equal(chdir(gone), 0);
    assert_int_equal(rmdir(gone), 0);
    assert_refused((const char *const[]){"-otoken_file=t", "/mnt", NULL},
        "token_file: the working directory");
    struct config config = parsed((const char *const[]){"-otoken_file=/t", "/mnt", NULL});
    config_release(&config);
    assert_int_equal(chdir(saved), 0);
    free(saved);
}

static void test_spellings(void **state)
{
    (void)state;
    const char *const spellings[] = {
        "--token_command=a, b", "--token-command=a, b", "-otoken_command=a\\, b"};
    for (size_t i = 0; i < LENGTH(spellings); i++) {
        struct config config = parsed((const char *const[]){spellings[i], "/mnt", NULL});
        assert_string_equal(config.token_command, "a, b");
        config_release(&config);
    }
    /* The last one counts. */
    struct config config =
        parsed((const char *const[]){"-otimeout=1,timeout=2", "--timeout=0.001", "/m", NULL});
    assert_int_equal(config.timeout_ms, 1);
    config_release(&config);
}

static const struct {
    const char *list, *command; /* what token_command becomes */
} escapes[] = {
    {"token_command=printf '%s\\n' T", "printf '%s\\n' T"},
    {"token_command=printf 'a\\054\\,b'", "printf 'a\\054,b'"},
    {"token_command=a\\\\b,ro", "a\\b"},
    {"token_command=a\\\\\\,b", "a\\,b"},
    {"token_command=a\\\\n", "a\\n"},
    {"ro,token_command=sed 's/\\(.\\)\\.x/\\1/',rw", "sed 's/\\(.\\)\\.x/\\1/'"},
    {"token_command=a\\", "a\\"},
    {"token_command=a\\ b", "a\\ b"},
};

/* In -o a backslash escapes a comma or a backslash, and stands for itself before all else. */
static void test_escapes(void **state)
{
    (void)state;
    char joined[128];
    for (size_t i = 0; i < LENGTH(escapes); i++) {
        struct config config =
            parsed((const char *const[]){"-o", escapes[i].list, "/mnt", NULL});
        assert_string_equal(config.token_command, escapes[i].command);
        config_release(&config);
        (void)snprintf(joined, sizeof joined, "-o%s", escapes[i].list);
        config = parsed((const char *const[]){joined, "/mnt", NULL});
        assert_string_equal(config.token_command, escapes[i].command);
        config_release(&config);
        (void)snprintf(joined, sizeof joined, "--token_command=%s", escapes[i].command);
        config = parsed((const char *const[]){joined, "/mnt", NULL});
        assert_string_equal(config.token_command, escapes[i].command);
        config_release(&config);
    }
    struct config config = parsed((const char *const[]){
        "-otoken_file=/a\\,b\\c,ro", "-o", "fsname=\\040x\\\\\\,", "/a,b", NULL});
    assert_string_equal(config.token_file, "/a,b\\c");
    assert_string_equal(config.fsname, "\\040x\\,");
    assert_string_equal(config.mountpoint, "/a,b");
    assert_true(has_mount_option(&config, "fsname=\\\\040x\\\\\\,"));
    config_release(&config);
}

static const struct {
    const char *option;
    uint64_t ms;
} seconds[] = {
    {"cache_ttl=0", 0},
    {"cache_ttl=0.0", 0},
    {"cache_ttl=2.5", 2500},
    {"cache_ttl=1.0019", 1001},
    {"cache_ttl=86400", 86400000},
};

static void test_seconds(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(seconds); i++) {
        struct config config =
            parsed((const char *const[]){"-o", seconds[i].option, "/mnt", NULL});
        assert_int_equal(config.cache_ttl_ms, seconds[i].ms);
        config_release(&config);
    }
}

static const struct {
    const char *option, *problem;
} bad_options[] = {
    {"cache_ttl=", "needs a value"},
    {"cache_ttl", "needs a value"},
    {"cache_ttl=-1", "cache_ttl=-1: expected seconds from 0"},
    {"cache_ttl=1e3", "expected seconds"},
    {"cache_ttl=nan", "expected seconds"},
    {"cache_ttl=.5", "expected seconds"},
    {"cache_ttl=5.", "expected seconds"},
    {"cache_ttl=1.5s", "expected seconds"},
    {"cache_ttl=1.-5", "expected seconds"},
    {"cache_ttl=86400.001", "expected seconds"},
    {"cache_ttl=99999999999999999999999999", "expected seconds"},
    {"timeout=0", "above 0"},
    {"timeout=0.0009", "above 0"},
    {"timeout=3601", "up to 3600"},
    {"max_requests=0", "from 1 to 256"},
    {"max_requests=257", "from 1 to 256"},
    {"max_requests=0x10", "from 1 to 256"},
    {"newline=Auto", "auto or keep"},
    {"visibility=public", "private, all or selected"},
    {"commit=never", "close or write"},
    {"failed_close=loud", "message or quiet"},
    {"replacers=java:", "names of programs"},
    {"replacers=:java", "names of programs"},
    {"replacers=java::node", "names of programs"},
    {"replacers=/usr/bin/java", "names of programs"},
    {"replacers=a\nb", "names of programs"},
    {"api_version=2026-3-10", "a date such as"},
    {"api_version=2026-03-10\r\nX: y", "a date such as"},
    {"api_version=latest", "a date such as"},
    {"uid=root", "a user's number"},
    {"uid=4294967295", "a user's number"},
    {"gid=-1", "a group's number"},
    {"umask=8", "octal"},
    {"umask=1000", "octal"},
    {"umask=00077", "octal"},
    {"fsname=a\nb", "no control characters"},
    {"cacert=/nonexistent/ca.pem", "cacert: /nonexistent/ca.pem: No such file"},
    {"cacert=/", "cacert: /: a directory"},
    {"cacert=/dev/null", "cacert: /dev/null: not a regular file"},
    {"cacert=/proc/version", "cacert: /proc/version: "},
    {"ro=1", "option ro takes no value"},
    {"context", "option context needs a value: context=..."},
    {"token_file=/a,token_command=b", "can't be used together"},
    {"token_fil=hunter2", "unknown option 'token_fil'"},
    {"cache_ttlx=1", "unknown option 'cache_ttlx'"},
    {"cache=1", "unknown option 'cache'"},
    {"token_command=printf a,b", "unknown option 'b': see 'ghsecretfs --help' (in -o a comma "
                                 "within a value is written '\\,')"},
    {"subtype=x", "unknown option 'subtype'"},
    {"token=hunter2", "set GH_TOKEN"},
    {"token", "set GH_TOKEN"},
};

static void test_bad_options(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(bad_options); i++) {
        assert_refused((const char *const[]){"/mnt", "-o", bad_options[i].option, NULL},
            bad_options[i].problem);
        assert_null(strstr(message, "hunter2"));
    }
    const struct {
        const char *arg, *problem;
    } args[] = {
        {"-x", "unknown option '-x'"},
        {"-fd", "option -f: nothing can be joined to it"},
        {"-Vhunter2", "option -V: nothing can be joined to it"},
        {"-xhunter2", "unknown option '-x'"},
        {"-", "unknown option '-'"},
        {"--no-such=hunter2", "unknown option '--no-such'"},
        {"--token=hunter2", "token_file"},
        {"--token", "token_file"},
        {"--newline", "needs a value"},
        {"--debug=1", "takes no value"},
    };
    for (size_t i = 0; i < LENGTH(args); i++) {
        assert_refused(
            (const char *const[]){args[i].arg, "hunter2", "/mnt", NULL}, args[i].problem);
        assert_null(strstr(message, "hunter2"));
    }
}

static void test_help_and_version(void **state)
{
    (void)state;
    struct config config;
    assert_int_equal(parse((const char *const[]){"-h", NULL}, &config), CONFIG_HELP);
    assert_int_equal(parse((const char *const[]){"--help", "x", NULL}, &config), CONFIG_HELP);
    assert_int_equal(parse((const char *const[]){"-V", NULL}, &config), CONFIG_VERSION);
    assert_int_equal(
        parse((const char *const[]){"/mnt", "--version", NULL}, &config), CONFIG_VERSION);
    assert_string_equal(message, "");
}

static void test_mount_options(void **state)
{
    (void)state;
    /* As mount.fuse3 calls it for a line of fstab. */
    const char *const list =
        "rw,exec,suid,dev,allow_other,user=bob,nofail,_netdev,noauto,defaults,noatime,sync,"
        "x-systemd.automount,x-systemd.device-timeout=10,X-mount.mkdir,comment=a,,auto_unmount";
    struct config config = parsed((const char *const[]){"orgs", "/mnt", "-o", list, NULL});
    const char *const there[] = {"rw", "allow_other", "auto_unmount", "nosuid", "nodev",
        "noexec", "default_permissions", "subtype=ghsecretfs", "fsname=github.com:orgs"};
    const char *const gone[] = {"exec", "suid", "dev", "user=bob", "nofail", "_netdev",
        "noauto", "defaults", "noatime", "sync", "x-systemd.automount", "comment=a", "debug"};
    for (size_t i = 0; i < LENGTH(there); i++)
        assert_true(has_mount_option(&config, there[i]));
    for (size_t i = 0; i < LENGTH(gone); i++)
        assert_false(has_mount_option(&config, gone[i]));
    config_release(&config);

    config = parsed((const char *const[]){"-r", "--allow-root", "--context=a:b", "/mnt", NULL});
    assert_true(has_mount_option(&config, "ro"));
    assert_true(has_mount_option(&config, "allow_root"));
    assert_true(has_mount_option(&config, "context=a:b"));
    config_release(&config);
}

/* --- Files ---------------------------------------------------------------------------- */

static void test_certificates(void **state)
{
    (void)state;
    const struct {
        const char *option, *file, *dir; /* the variables */
        const char *ca_file, *ca_dir;
    } cases[] = {
        {NULL, NULL, NULL, NULL, NULL},
        {NULL, ca_file, "/nowhere:/tmp", ca_file, "/nowhere:/tmp"},
        {NULL, "", "", NULL, NULL},
        {cacert_option, "/a.pem", "/certs", ca_file, NULL},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        if (cases[i].file)
            setenv("SSL_CERT_FILE", cases[i].file, 1);
        if (cases[i].dir)
            setenv("SSL_CERT_DIR", cases[i].dir, 1);
        struct config config = parsed((const char *const[]){"/mnt", cases[i].option, NULL});
        unsetenv("SSL_CERT_FILE");
        unsetenv("SSL_CERT_DIR");
        assert_string(config.ca_file, cases[i].ca_file);
        assert_string(config.ca_dir, cases[i].ca_dir);
        config_release(&config);
    }
    setenv("SSL_CERT_FILE", "/nowhere", 1);
    assert_refused((const char *const[]){"/mnt", NULL}, "SSL_CERT_FILE: /nowhere: ");
    unsetenv("SSL_CERT_FILE");
    setenv("SSL_CERT_DIR", "/nowhere:", 1);
    assert_refused((const char *const[]){"/mnt", NULL}, "SSL_CERT_DIR: /nowhere:: ");
    unsetenv("SSL_CERT_DIR");
}

static void test_files(void **state)
{
    (void)state;
    char directory[] = "/tmp/config_test.XXXXXX", path[64], beside[64], back[4096];
    assert_non_null(getcwd(back, sizeof back));
    assert_non_null(mkdtemp(directory));
    assert_int_equal(chdir(directory), 0);
    (void)snprintf(path, sizeof path, "%s/token", directory);
    (void)snprintf(beside, sizeof beside, "%s/mnt", directory);
    close(open("token", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    assert_int_equal(mkdir("mnt", 0700), 0);
    assert_int_equal(mkdir("mnt-not", 0700), 0);
    assert_int_equal(symlink("../token", "mnt-not/link"), 0);

    struct config config = parsed((const char *const[]){"-otoken_file=token", "mnt", NULL});
    assert_string_equal(config.token_file, path);
    assert_string_equal(config.mountpoint, "mnt");
    config_release(&config);
    /* A longer name is another directory, and one that is missing is main's to report. */
    config = parsed((const char *const[]){"-otoken_file=mnt-not/link", "mnt", NULL});
    config_release(&config);
    config = parsed((const char *const[]){"-otoken_file=token", "missing", NULL});
    config_release(&config);

    const char *const under_mount = "inside the mount point";
    assert_refused((const char *const[]){"-otoken_file=token", ".", NULL}, under_mount);
    assert_refused((const char *const[]){"--cacert=token", directory, NULL}, under_mount);
    setenv("SSL_CERT_DIR", beside, 1);
    assert_refused((const char *const[]){"mnt", NULL}, under_mount);
    unsetenv("SSL_CERT_DIR");

    (void)unlink("mnt-not/link");
    (void)unlink("token");
    (void)rmdir("mnt-not");
    (void)rmdir("mnt");
    assert_int_equal(chdir(back), 0);
    assert_int_equal(rmdir(directory), 0);
}

/* --- Help ----------------------------------------------------------------------------- */

static char *help_text(void)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    help_print(out);
    (void)fclose(out);
    return text;
}

/* Is it there as a word, with or without a value? */
static bool has_option(const char *text, const char *option)
{
    size_t len = strlen(option);
    for (const char *at = text; (at = strstr(at, option)); at += len)
        if (strchr(" ,", at[-1]) && strchr("=,\n ", at[len]))
            return true;
    return false;
}

/* But for SELinux's, the one that is the default, and the one that is refused. */
static void test_help_has_every_option(void **state)
{
    (void)state;
    static const char *const unsaid[] = {
        "rw", "context", "fscontext", "defcontext", "rootcontext", "token"};
    char *text = help_text(), letter[] = "-? ";
    size_t left_out = 0;
    for (const struct option *option = option_table; option->name; option++) {
        letter[1] = option->letter;
        if (option->help) {
            if (!has_option(text, option->name) && !(option->letter && strstr(text, letter)))
                fail_msg("-h does not tell of %s", option->name);
        } else {
            assert_true(left_out < LENGTH(unsaid));
            assert_string_equal(option->name, unsaid[left_out++]);
        }
    }
    assert_int_equal(left_out, LENGTH(unsaid));
    assert_non_null(strstr(text, "-o "));
    free(text);
}

static void test_help_fits_a_screen(void **state)
{
    (void)state;
    char *text = help_text();
    int lines = 0;
    for (const char *line = text; *line; lines++) {
        size_t columns = strcspn(line, "\n");
        assert_true(columns <= 80);
        line += columns + 1;
    }
    assert_true(lines <= 24);
    free(text);
}

static void test_version_names_itself(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    help_version(out);
    (void)fclose(out);
    assert_int_equal(strncmp(text, "ghsecretfs ", 11), 0);
    assert_non_null(strstr(text, "libfuse 3."));
    free(text);
}

static int set_up(void **state)
{
    (void)state;
    int fd = mkostemp(ca_file, O_CLOEXEC);
    assert_true(fd >= 0);
    assert_true(dprintf(fd, "A comment\n-----BEGIN CERTIFICATE-----\n") > 0);
    close(fd);
    (void)snprintf(cacert_option, sizeof cacert_option, "--cacert=%s", ca_file);
    unsetenv("GH_HOST");
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(ca_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_bad_sources),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_bad_urls),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_all_options),
        cmocka_unit_test(test_owner),
        cmocka_unit_test(test_home),
        cmocka_unit_test(test_no_working_directory),
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_seconds),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_help_and_version),
        cmocka_unit_test(test_mount_options),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_help_has_every_option),
        cmocka_unit_test(test_help_fits_a_screen),
        cmocka_unit_test(test_version_names_itself),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
