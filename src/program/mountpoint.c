#include "program/mountpoint.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

static bool report_missing(const char *given, int err)
{
    if (err == ENOTCONN)
        log_error("%s is the mount of a program that has ended: free it with "
                  "'fusermount3 -u %s'",
            given, given);
    else if (err == ENOENT)
        log_error("mount point %s does not exist: make it with 'mkdir -p %s'", given, given);
    else
        log_error("mount point %s: %s", given, strerror(err));
    return false;
}

/* Would fusermount3 let a user who is not root mount there? */
static bool check_as_user(const char *given, const struct stat *st, const struct statfs *fs)
{
    if (fs->f_type == FUSE_SUPER_MAGIC)
        log_error(
            "mount point %s is mounted already, or inside another FUSE mount: unmount that "
            "with 'fusermount3 -u', or choose another directory",
            given);
    else if (access(given, W_OK) != 0)
        log_error("mount point %s: %s: no write access to the directory of uid %u (mode %04o); "
                  "users can mount on a writable directory of their own",
            given, strerror(errno), (unsigned)st->st_uid, (unsigned)(st->st_mode & 07777));
    else if ((st->st_mode & S_ISVTX) && st->st_uid != geteuid())
        log_error(
            "mount point %s: a directory that all share (mode %04o); users can mount on a "
            "writable directory of their own",
            given, (unsigned)(st->st_mode & 07777));
    else
        return true;
    return false;
}

/* The program opens these files, or starts a command with them, while the mount is up. Under
 * the mount, the program would wait for its own answer. And without the true /proc, the program
 * would not know who writes. */
static bool check_not_needed(const char *given, const char *path, const struct statfs *fs)
{
    static const char *const needed[] = {"/proc", "/dev/null", "/dev/log", "/bin/sh"};
    const char *hidden = fs->f_type == PROC_SUPER_MAGIC ? "/proc" : NULL;

    for (size_t i = 0; i < sizeof needed / sizeof *needed && !hidden; i++) {
        char *real = realpath(needed[i], NULL);
        if (real && text_is_within(real, path))
            hidden = needed[i];
        free(real);
    }
    if (hidden)
        log_error("mount point %s: a mount there would hide %s, which ghsecretfs itself needs: "
                  "choose an empty directory",
            given, hidden);
    return !hidden;
}

/* The directory's absolute path, if a mount may be there; or NULL. */
static char *find_place(const char *given, const struct stat *st, const struct statfs *fs)
{
    char *path = realpath(given, NULL);

    if (!path)
        log_error("mount point %s: %s", given, strerror(errno));
    else if (check_not_needed(given, path, fs) &&
             (geteuid() == 0 || check_as_user(given, st, fs)))
        return path;
    free(path);
    return NULL;
}

bool mountpoint_check(const char *given, char **ret)
{
    struct stat st;
    struct statfs fs;

    /* The kernel may answer stat of a dead mount from its cache, but never statfs. */
    if (stat(given, &st) != 0 || statfs(given, &fs) != 0)
        return report_missing(given, errno);
    if (!S_ISDIR(st.st_mode)) {
        log_error("mount point %s is not a directory", given);
        return false;
    }
    *ret = find_place(given, &st, &fs);
    return *ret != NULL;
}

/* libfuse would say that the device can't be opened, and no more. */
static bool check_device(void)
{
    if (access("/dev/fuse", R_OK | W_OK) == 0)
        return true;
    int err = errno;
    log_error("/dev/fuse: %s: %s", strerror(err),
        err != ENOENT ? "mount as root, or have root run 'chmod 666 /dev/fuse'"
                      : "load the kernel's module with 'modprobe fuse'");
    return false;
}

static bool is_program(const char *directory, size_t len)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%.*s/fusermount3", (int)len, directory);
    return n > 0 && (size_t)n < sizeof path && access(path, X_OK) == 0;
}

/* libfuse runs fusermount3 from the directory where libfuse was installed, or from $PATH. */
static bool has_fusermount(void)
{
    static const char *const usual[] = {"/usr/bin", "/bin", "/usr/local/bin"};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (is_program(usual[i], strlen(usual[i])))
            return true;
    for (const char *path = getenv("PATH"); path; path = strchr(path, ':')) {
        path += *path == ':';
        if (is_program(path, strcspn(path, ":")))
            return true;
    }
    return false;
}

bool mountpoint_check_tools(void)
{
    if (!check_device())
        return false;
    if (geteuid() == 0 || has_fusermount())
        return true;
    log_error("fusermount3 is not there or can't be run, and only root mounts without it: "
              "install the package fuse3");
    return false;
}
