#include "github/url.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>

static int add_encoded(struct buffer *url, const char *part)
{
    bool dots = strcmp(part, ".") == 0 || strcmp(part, "..") == 0;
    for (const unsigned char *c = (const unsigned char *)part; *c; c++) {
        bool plain = !dots && ((*c < 0x80 && isalnum(*c)) || *c == '-' || *c == '.' ||
                                  *c == '_' || *c == '~');
        int err = plain ? buffer_add(url, c, 1) : buffer_printf(url, "%%%02X", *c);
        if (err)
            return err;
    }
    return 0;
}

int url_add_path(struct buffer *url, const char *const parts[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int err = buffer_add_string(url, "/");
        if (!err)
            err = add_encoded(url, parts[i]);
        if (err)
            return err;
    }
    return 0;
}

int url_add_query(struct buffer *url, const char *key, unsigned value)
{
    char mark = url->data && strchr(url->data, '?') ? '&' : '?';
    return buffer_printf(url, "%c%s=%u", mark, key, value);
}

/* Is this part of both URLs the same? A missing port is the scheme's default. */
static bool same_part(CURLU *a, CURLU *b, CURLUPart part)
{
    char *x = NULL, *y = NULL;
    bool same = curl_url_get(a, part, &x, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                curl_url_get(b, part, &y, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                strcasecmp(x, y) == 0;
    curl_free(x);
    curl_free(y);
    return same;
}

static bool has_credentials(CURLU *url)
{
    char *user = NULL;
    bool has = curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK;
    curl_free(user);
    return has;
}

/* The beginnings of the API's paths, each of which names a repository or an owner. */
static const struct root {
    const char *word;
    unsigned parts; /* of the path behind `word`, that are the name */
    bool is_number; /* the name is a number */
    enum { NO_ROOT, REPOSITORY, ORGANIZATION, USER } kind;
} roots[] = {
    {"/repos/", 2, false, REPOSITORY},
    {"/repositories/", 1, true, REPOSITORY},
    {"/orgs/", 1, false, ORGANIZATION},
    {"/organizations/", 1, true, ORGANIZATION},
    {"/users/", 1, false, USER},
    {"/user/", 1, true, USER},
};

/* A path taken apart at its first root. Without a root, `rest` is all of the path. */
struct place {
    const char *path, *root, *rest;
    int kind;
};

/* The address behind the name that begins at `at`; NULL when no name begins there. */
static const char *skip_name(const struct root *root, const char *at)
{
    if (root->is_number && strspn(at, "0123456789") != strcspn(at, "/"))
        return NULL;
    for (unsigned i = 0; i < root->parts; i++) {
        if (i > 0 && *at++ != '/')
            return NULL;
        size_t len = strcspn(at, "/");
        if (len == 0)
            return NULL;
        at += len;
    }
    return at;
}

static struct place find_place(const char *path)
{
    struct place place = {.path = path, .root = path, .rest = path, .kind = NO_ROOT};
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        const char *at = strstr(path, roots[i].word);
        const char *rest = at ? skip_name(&roots[i], at + strlen(roots[i].word)) : NULL;
        if (rest && (place.kind == NO_ROOT || at < place.root))
            place = (struct place){path, at, rest, roots[i].kind};
    }
    return place;
}

/* Takes the next byte of a path, decoded, as a small letter. An encoded slash is no slash, and
 * gets a number of its own. -1: the end. */
static int next_byte(const char **at)
{
    char hex[3] = "";
    const char *c = *at;

    if (*c == '\0')
        return -1;
    *at += 1;
    if (*c != '%' || !isxdigit((unsigned char)c[1]) || !isxdigit((unsigned char)c[2]))
        return tolower((unsigned char)*c);
    *at += 2;
    memcpy(hex, c + 1, 2);
    int byte = (int)strtoul(hex, NULL, 16);
    return byte == '/' ? UINT8_MAX + 1 : tolower(byte);
}

static bool same_text(const char *a, const char *b)
{
    int byte;
    do {
        byte = next_byte(&a);
        if (byte != next_byte(&b))
            return false;
    } while (byte >= 0);
    return true;
}

/* Do both URLs have roots of one kind, and the same path before and after the root? */
static bool same_place(CURLU *a, CURLU *b)
{
    char *x = NULL, *y = NULL;
    bool same = false;

    if (curl_url_get(a, CURLUPART_PATH, &x, 0) == CURLUE_OK &&
        curl_url_get(b, CURLUPART_PATH, &y, 0) == CURLUE_OK) {
        struct place from = find_place(x), to = find_place(y);
        size_t base_len = (size_t)(from.root - from.path);
        same = from.kind == to.kind && base_len == (size_t)(to.root - to.path) &&
               memcmp(x, y, base_len) == 0 && same_text(from.rest, to.rest);
    }
    curl_free(x);
    curl_free(y);
    return same;
}

int url_redirect(const char *url, const char *location, char **ret)
{
    int err = -ENOMEM;
    char *target = NULL;
    CURLU *from = curl_url();
    CURLU *to = curl_url();
    if (!from || !to)
        goto out;
    err = -EINVAL;
    if (curl_url_set(from, CURLUPART_URL, url, CURLU_PATH_AS_IS) != CURLUE_OK ||
        curl_url_set(to, CURLUPART_URL, url, 0) != CURLUE_OK ||
        curl_url_set(to, CURLUPART_URL, location, CURLU_PATH_AS_IS) != CURLUE_OK)
        goto out;
    err = -EPERM;
    if (!same_part(from, to, CURLUPART_SCHEME) || !same_part(from, to, CURLUPART_HOST) ||
        !same_part(from, to, CURLUPART_PORT) || has_credentials(to))
        goto out;
    err = -EXDEV;
    if (!same_place(from, to))
        goto out;
    err = -ENOMEM;
    if (curl_url_get(to, CURLUPART_URL, &target, 0) == CURLUE_OK)
        *ret = strdup(target);
    if (target && *ret)
        err = 0;
out:
    curl_free(target);
    curl_url_cleanup(from);
    curl_url_cleanup(to);
    return err;
}
