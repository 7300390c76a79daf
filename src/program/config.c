#include "program/config.h"

#include <errno.h>
#include <limits.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "program/address.h"
#include "program/arguments.h"
#include "program/certificates.h"
#include "program/option_values.h"
#include "program/options.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

struct parse {
    struct config config;
    char *words[2]; /* the arguments that are no options */
    int word_count;
};

/* Reports that memory ran out. */
static int no_memory(void)
{
    log_error("not enough memory to read the options");
    return -ENOMEM;
}

/* --- Arguments ------------------------------------------------------------------------ */

static int parse_option(void *data, const char *arg)
{
    struct parse *p = data;
    return options_take(&p->config, arg);
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
    int err = path_make_absolute(value, ret);
    if (err)
        log_error("%s: %s", name, path_problem(err));
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

/* The program reads these files again while the mount is up. A file under the mount would make
 * the loop wait for itself. A missing file is no fault here, and is reported later, before the
 * mount. */
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

/* The variables of the environment do not matter where no TLS is used. */
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

/* Without allow_other the kernel lets in only the mounter. With another owner's uid= the modes
 * then shut the mounter out: nobody gets in. (Modes do not shut root out, but a root who gives
 * uid= wants the owner to get in.) */
static int check_owner_gets_in(const struct config *config)
{
    uid_t uid = config->uid;
    bool lets_root_in = config->allow_root && geteuid() != 0;
    if (uid == geteuid() || config->allow_other || lets_root_in)
        return 0;
    log_error("uid=%u: user %u could not enter the mount: add allow_other, or have that user "
              "mount",
        (unsigned)uid, (unsigned)uid);
    return -EINVAL;
}

/* The program's own mount options come behind the user's, so that the program's own win. */
static int set_fuse_args(struct config *config)
{
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
        failed = fuse_opt_add_opt_escaped(&config->mount_options, ours[i]);
    free(fsname);
    if (failed || fuse_opt_add_arg(args, "ghsecretfs") || fuse_opt_add_arg(args, "-o") ||
        fuse_opt_add_arg(args, config->mount_options))
        return no_memory();
    free(config->mount_options);
    config->mount_options = NULL;
    return 0;
}

static int parse_finish(struct parse *p)
{
    struct config *config = &p->config;
    config->foreground |= config->debug;
    int err = set_words(p);
    if (!err)
        err = address_set_api(config);
    if (!err)
        err = set_certificates(config);
    if (!err)
        err = check_files(config);
    if (!err)
        err = check_owner_gets_in(config);
    if (!err)
        err = set_fuse_args(config);
    return err;
}

/* 0; -errno, when what is wrong was reported; or an enum config_result above 0. */
static int parse(struct parse *p, char *const argv[])
{
    p->config.uid = geteuid();
    p->config.gid = getegid();
    if (options_set_initial(&p->config) != 0)
        return no_memory();
    int err = arguments_walk(argv, parse_option, parse_word, p);
    return err ? err : parse_finish(p);
}

enum config_result config_parse(char *const argv[], struct config *ret)
{
    struct parse p = {.word_count = 0};
    int result = parse(&p, argv);
    free(p.words[0]);
    free(p.words[1]);
    if (result == CONFIG_OK)
        *ret = p.config;
    else
        config_release(&p.config);
    return result < 0 ? CONFIG_ERROR : (enum config_result)result;
}

void config_release(struct config *config)
{
    options_release(config);
    free(config->mountpoint);
    free(config->host);
    free(config->path);
    free(config->source);
    free(config->api_host);
    free(config->token_host);
    free(config->ca_dir);
    free(config->mount_options);
    fuse_opt_free_args(&config->fuse_args);
    *config = (struct config){0};
}
