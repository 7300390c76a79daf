/*
 * What the person who mounts has said: the command line, and the few variables of the
 * environment that stand for options. A configuration is decided and checked once, before
 * anything is opened or mounted, and constant from then on.
 *
 * The rules are those of contract §1; options.c has a row for each option. The token itself is
 * never in a configuration (token.h).
 */
#ifndef GHSECRETFS_CONFIG_H
#define GHSECRETFS_CONFIG_H

#include <fuse_opt.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/text.h"
#include "github/rows.h"
#include "nodes/value.h"

/* The struct owns its strings. None is NULL but where the comment says so. */
struct config {
    char *mountpoint;     /* as given; not checked */
    char *host;           /* of SOURCE, else $GH_HOST, else "github.com"; lower case; an IPv6
                             address is in brackets */
    bool host_is_default; /* neither SOURCE nor $GH_HOST gave the host */
    char *path;   /* of SOURCE, without a trailing '/'; "" for the whole tree. No part is
                     empty, "." or ".." */
    char *source; /* "HOST:PATH" */
    char *fsname; /* what /proc/mounts shows instead of `source`, or NULL */

    char *api_url;  /* the REST base: https, or http to a loopback address; no trailing '/' */
    char *api_host; /* the host of api_url: lower case, no port, no brackets */
    bool api_url_given;
    bool api_loopback; /* api_host is in 127.0.0.0/8, ::1 or localhost */
    char *api_version; /* YYYY-MM-DD */

    char *token_host;         /* the host whose tokens the API takes, as `gh` names hosts:
                                 "github.com" for api.github.com, "X.ghe.com" for
                                 api.X.ghe.com, else api_host */
    bool token_is_enterprise; /* token_host is neither github.com nor *.ghe.com */
    char *token_file;         /* absolute, or NULL */
    char *token_command;      /* for sh -c, or NULL; never set together with token_file */

    /* Certificates to trust, absolute or NULL: cacert=FILE alone, else $SSL_CERT_FILE and
     * $SSL_CERT_DIR, which libcurl itself does not read. */
    char *ca_file;
    char *ca_dir;
    bool ca_file_given; /* cacert= gave ca_file */

    uint64_t cache_ttl_ms;
    uint64_t timeout_ms;
    unsigned max_requests;
    enum newline newline;
    enum visibility visibility; /* of new organization secrets */
    bool commit_on_write;       /* a write uploads the value, and not only close() */
    bool tell_writers;          /* a failed upload is told on the writer's standard error */
    char *replacers;            /* names of programs with colons between, or NULL */

    uid_t uid; /* owner of everything in the tree; the effective user by default */
    gid_t gid;
    mode_t umask; /* bits that no mode in the tree has */
    bool allow_other;
    bool allow_root;
    bool foreground; /* also when `debug` is set */
    bool debug;

    char *mount_options; /* for libfuse, while options are read: "ro,context=..."; then NULL */
    /* For fuse_session_new(): the name of the program and one -o. Mount options that libfuse's
     * low level does not know, or that may not be had (suid, dev, exec), are left out. */
    struct fuse_args fuse_args;
};

enum config_result {
    CONFIG_OK,
    CONFIG_ERROR,  /* what is wrong was reported with log_error(); the exit status is 1 */
    CONFIG_HELP,   /* the person asked for help_print() */
    CONFIG_VERSION /* the person asked for help_version() */
};

/* Reads the command line, which ends with NULL. Only CONFIG_OK touches `ret`, and the caller
 * then gives `ret` to config_release(). Relative paths begin in the working directory at the
 * time of the call. */
enum config_result config_parse(char *const argv[], struct config *ret) WARN_UNUSED;

/* `config` may be a zeroed struct, and is one afterwards. */
void config_release(struct config *config);

#endif
