/*
 * URLs of the API: the one place where names are percent-encoded, and where it is decided
 * whether a redirect may be followed.
 */
#ifndef GHSECRETFS_URL_H
#define GHSECRETFS_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* Longest URL that is sent. */
#define URL_MAX 4096

/*
 * Adds "/part" for each of `parts`, percent-encoded once: all but RFC 3986's unreserved
 * characters, and the dots of a part that is "." or "..", which a client or a proxy would
 * take for steps. 0 or -errno.
 */
int url_add_path(struct buffer *url, const char *const parts[], size_t count) WARN_UNUSED;

/* Adds "?key=number", or "&key=number" after the first. 0 or -errno. */
int url_add_query(struct buffer *url, const char *key, unsigned value) WARN_UNUSED;

/*
 * Where a redirect from `url` to `location` leads, as a URL to free(): -EPERM when it is to
 * another scheme, host or port, where the token must not go; -EXDEV when it is to another
 * thing; -EINVAL when it is no URL; -ENOMEM. `location` may be absolute or an absolute path.
 *
 * A repository or an owner may have another name there, or its number: repos/OWNER/REPO/… and
 * repositories/NUMBER/…, say. What follows in the path stays, so that the value of one secret
 * is never stored under another's name.
 */
int url_redirect(const char *url, const char *location, char **ret) WARN_UNUSED;

#endif
