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

/* Are the two the same in this part, the port's default filled in? */
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

int url_redirect(const char *url, const char *location, char **ret)
{
    int err = -ENOMEM;
    char *target = NULL;
    CURLU *from = curl_url();
    CURLU *to = curl_url();
    if (!from || !to)
        goto out;
    err = -EINVAL;
    if (curl_url_set(from, CURLUPART_URL, url, 0) != CURLUE_OK ||
        curl_url_set(to, CURLUPART_URL, url, 0) != CURLUE_OK ||
        curl_url_set(to, CURLUPART_URL, location, CURLU_PATH_AS_IS) != CURLUE_OK)
        goto out;
    err = -EPERM;
    if (!same_part(from, to, CURLUPART_SCHEME) || !same_part(from, to, CURLUPART_HOST) ||
        !same_part(from, to, CURLUPART_PORT) || has_credentials(to))
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
