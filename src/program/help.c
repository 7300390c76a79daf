#include "program/help.h"

/* Only for fuse_pkgversion(). */
#define FUSE_USE_VERSION 31
#include <fuse.h>

/* Set by the build. */
#ifndef GHSECRETFS_VERSION
#define GHSECRETFS_VERSION "(unknown version)"
#endif

static const char help[] =
    "usage: ghsecretfs [options] [[HOST:]PATH] MOUNTPOINT\n"
    "Mounts GitHub Actions secrets: a write sets a secret, rm deletes it.\n"
    "  -f  stay in the foreground          -h  this help\n"
    "  -d  the same, with FUSE debugging   -V  version\n"
    "  -o opt[,opt...], or --opt=value     (default)\n"
    "    token_file=FILE      the first line is the token; mode 0600\n"
    "    token_command=CMD    prints the token; run by sh\n"
    "    api_url=URL          REST base (the one of HOST)\n"
    "    cacert=FILE          certificates to trust (the system's)\n"
    "    api_version=DATE     of the REST API (2026-03-10)\n"
    "    cache_ttl=SECONDS    how long a listing is trusted (10)\n"
    "    timeout=SECONDS      longest wait of one operation (30)\n"
    "    max_requests=N       requests at once (64)\n"
    "    newline=auto|keep    auto drops the line end of a one-line value (auto)\n"
    "    visibility=private|all|selected   of new organization secrets (private)\n"
    "    commit=close|write   when a value is uploaded (close)\n"
    "    replacers=NAME[:NAME...]          programs that remove, then create\n"
    "    failed_close=message|quiet        on the writer's standard error (message)\n"
    "    ro, allow_other, allow_root, auto_unmount, uid=, gid=, umask=, fsname=\n"
    "HOST is $GH_HOST or github.com. The token, if no option gives it: $GH_TOKEN or\n"
    "$GITHUB_TOKEN (GH_ENTERPRISE_TOKEN or GITHUB_ENTERPRISE_TOKEN for other hosts),\n"
    "$CREDENTIALS_DIRECTORY/token, or that of 'gh auth token' (but not as root).\n"
    "  ghsecretfs -o token_file=/etc/gh.token repos/acme/web/actions/secrets /mnt/web\n"
    "Unmount: fusermount3 -u MOUNTPOINT. Failures: its .ghsecretfs/errors, syslog.\n";

void help_print(FILE *out)
{
    (void)fputs(help, out);
}

void help_version(FILE *out)
{
    (void)fprintf(out, "ghsecretfs %s\nlibfuse %s\n", GHSECRETFS_VERSION, fuse_pkgversion());
}
