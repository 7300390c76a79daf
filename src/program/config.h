/*
 * What the person who mounts has said: the command line, and the few variables of the
 * environment that stand for options. Decided and checked once, before anything is opened
 * or mounted, and constant from then on.
 *
 * The rules are those of contract §1. The token itself is never here (token.h).
 */
#ifndef GHSECRETFS_CONFIG_H
#define GHSECRETFS_CONFIG_H

#include <fuse_opt.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/text.h"

/* What becomes of the line end of a value. */
enum config_newline { CONFIG_NEWLINE_AUTO, CONFIG_NEWLINE_KEEP };
/* Of new organization secrets. */
enum config_visibility {
    CONFIG_VISIBILITY_PRIVATE,
    CONFIG_VISIBILITY_ALL,
    CONFIG_VISIBILITY_SELECTED
};
/* When a value is uploaded. */
enum config_commit { CONFIG_COMMIT_CLOSE, CONFIG_COMMIT_WRITE };
/* Whether a failed upload is told on the writer's standard error. */
enum config_failed_close { CONFIG_FAILED_CLOSE_MESSAGE, CONFIG_FAILED_CLOSE_QUIET };

/* Strings are owned by the struct and not NULL unless that is said. */
struct config {
    char *mountpoint;     /* as given; not checked */
    char *host;           /* of SOURCE, else $GH_HOST, else "github.com"; lower case; an IPv6
                             address is in brackets */
    bool host_is_default; /* neither SOURCE nor $GH_HOST gave it */
    char *path;   /* of SOURCE, without a trailing '/'; "" for the whole tree. No part is
                     empty, "." or ".." */
    char *source; /* "HOST:PATH" */
    char *fsname; /* what /proc/mounts shows instead of `source`, or NULL */

    char *api_url;  /* the REST base: https, or http to a loopback address; no trailing '/' */
    char *api_host; /* its host: lower case, no port, no brackets */
    bool api_url_given;
    bool api_loopback; /* 127.0.0.0/8, ::1 or localhost */
    char *api_version; /* YYYY-MM-DD */

    char *token_host;         /* whose tokens the API takes, as `gh` names it: "github.com" for
                                 api.github.com, "X.ghe.com" for api.X.ghe.com, else api_host */
    bool token_is_enterprise; /* token_host is neither github.com nor *.ghe.com */
    char *token_file;         /* absolute, or NULL */
    char *token_command;      /* for sh -c, or NULL; never set together with token_file */

    /* Certificates to trust, absolute or NULL: cacert=FILE alone, else $SSL_CERT_FILE and
     * $SSL_CERT_DIR, which libcurl itself does not read. */
    char *ca_file;
    char *ca_dir;

    uint64_t cache_ttl_ms;
    uint64_t timeout_ms;
    unsigned max_requests;
    enum config_newline newline;
    enum config_visibility visibility;
    enum config_commit commit;
    enum config_failed_close failed_close;
    char *replacers; /* names of programs with colons between, or NULL */

    uid_t uid; /* owner of everything in the tree; the effective user by default */
    gid_t gid;
    bool allow_root; /* goes to libfuse as well */
    mode_t umask;    /* bits that no mode in the tree has */
    bool foreground; /* also when `debug` is set */
    bool debug;
    bool ca_file_given; /* by cacert= */

    /* For fuse_session_new(): the name of the program and one -o. Mount options that the low
     * level does not know, or that may not be had (suid, dev, exec), are not among them. */
    struct fuse_args fuse_args;
};

enum config_result {
    CONFIG_OK,
    CONFIG_ERROR, /* reported with log_error(); the program should exit with 1 */
    CONFIG_HELP,  /* the person asked for help_print() */
    CONFIG_VERSION
};

/* Reads the command line, which ends with NULL. Only CONFIG_OK touches `ret`, which is then
 * the caller's to config_release(). Relative paths are taken from the working directory of
 * now. */
enum config_result config_parse(char *const argv[], struct config *ret) WARN_UNUSED;

/* The names of all options that are not libfuse's; NULL behind the last. */
const char *config_option(size_t index);

/* Also right for a zeroed struct. */
void config_release(struct config *config);

#endif
