/*
 * URLs of the API: the one place where names are percent-encoded, and where it is decided
 * whether a redirect may be followed.
 */
#ifndef GHSECRETFS_URL_H
#define GHSECRETFS_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* How long a path of the API may be, in bytes, with its query. */
#define URL_MAX 4096

/*
 * Adds "/part" for each of `parts`, percent-encoded once. Encoded are all bytes but RFC 3986's
 * unreserved characters, and the dots of a part that is "." or "..", which a client or a proxy
 * would take for a step to another directory. 0, or the errors of buffer_add().
 */
int url_add_path(struct buffer *url, const char *const parts[], size_t count) WARN_UNUSED;

/* Adds "?key=value", or "&key=value" where `url` has a query. 0, or the errors of
 * buffer_printf(). */
int url_add_query(struct buffer *url, const char *key, unsigned value) WARN_UNUSED;

/*
 * The URL to which a redirect from `url` to `location` leads; the caller frees `*ret`.
 * `location` is an absolute URL or an absolute path. 0; -EPERM when the redirect leads to
 * another scheme, host or port, where the token must not go; -EXDEV when the redirect leads to
 * another thing; -EINVAL when `location` is no URL; -ENOMEM.
 *
 * The repository or owner may be named otherwise in the new URL, by a new name or by its
 * number: repos/OWNER/REPO/… may become repositories/NUMBER/…. The rest of the path must not
 * change, so the value of one secret is never stored under another secret's name.
 */
int url_redirect(const char *url, const char *location, char **ret) WARN_UNUSED;

#endif
