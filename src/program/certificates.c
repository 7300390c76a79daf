#include "program/certificates.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* The first lines that OpenSSL knows: PEM_STRING_X509, _OLD and _TRUSTED. */
static const char *const beginnings[] = {"-----BEGIN CERTIFICATE-----",
    "-----BEGIN X509 CERTIFICATE-----", "-----BEGIN TRUSTED CERTIFICATE-----"};

static bool begins_certificate(const char *line)
{
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (strncmp(line, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

/* Is a certificate in the file? Closes `fd`. */
static bool has_certificate(int fd)
{
    FILE *file = fdopen(fd, "r");
    char *line = NULL;
    size_t size = 0;
    bool found = false;

    if (!file) {
        close(fd);
        return false;
    }
    while (!found && getline(&line, &size, file) > 0)
        found = begins_certificate(line);
    free(line);
    (void)fclose(file);
    return found;
}

static int report(const char *name, const char *path, const char *problem)
{
    char shown[PATH_MAX];
    text_printable(shown, sizeof shown, path, strlen(path));
    log_error("%s: %s: %s", name, shown, problem);
    return -EINVAL;
}

int certificates_check(const char *name, const char *path)
{
    struct stat st;
    /* O_NONBLOCK: a FIFO would hold the start up. */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0)
        return report(name, path, strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return report(name, path,
            S_ISDIR(st.st_mode) ? "a directory; give one file of certificates (or set "
                                  "SSL_CERT_DIR)"
                                : "not a regular file; give a file of certificates");
    }
    if (has_certificate(fd))
        return 0;
    return report(name, path,
        st.st_size == 0 ? "the file is empty; give a file of certificates in PEM"
                        : "no certificate in PEM is in it (-----BEGIN CERTIFICATE-----)");
}

static bool is_directory(const char *path, size_t len)
{
    char copy[PATH_MAX];
    struct stat st;
    int n = snprintf(copy, sizeof copy, "%.*s", (int)len, path);
    return n > 0 && (size_t)n < sizeof copy && stat(copy, &st) == 0 && S_ISDIR(st.st_mode);
}

int certificates_check_directories(const char *name, const char *list)
{
    for (const char *at = list; at; at = strchr(at, ':')) {
        at += *at == ':';
        if (is_directory(at, strcspn(at, ":")))
            return 0;
    }
    return report(name, list, "no directory of that name");
}
