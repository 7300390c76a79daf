/*
 * What not every C library on Linux has. musl lacks names of errors, statx() before 1.2.5,
 * close_range(), and RENAME_NOREPLACE.
 */
#ifndef GHSECRETFS_LIBC_H
#define GHSECRETFS_LIBC_H

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#ifndef STATX_TYPE
#include <linux/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int statx(int fd, const char *path, int flags, unsigned mask, struct statx *ret)
{
    return (int)syscall(SYS_statx, fd, path, flags, mask, ret);
}
#endif

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1u
#endif

/* From now on no program that is run inherits a descriptor that is open now, except the three
 * standard ones. */
void libc_close_on_exec(void);

/* The name of an errno, such as "ENOENT", as GNU's strerrorname_np() gives it; NULL when Linux
 * has no error of that number. */
const char *libc_errno_name(int err);

#endif
