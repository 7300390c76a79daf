/*
 * url.h: names cannot leave their place in the path, and a redirect cannot leave the origin.
 */
#include "github/url.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"

static void test_encoding(void **state)
{
    static const struct {
        const char *part;
        const char *path;
    } rows[] = {
        {"web", "/web"},
        {"AZaz09-._~", "/AZaz09-._~"},
        {".", "/%2E"},
        {"..", "/%2E%2E"},
        {"...", "/..."},
        {".github", "/.github"},
        {"eu/prod", "/eu%2Fprod"},
        {"eu%2Fprod", "/eu%252Fprod"},
        {"a b+c", "/a%20b%2Bc"},
        {"?x=1&y#z", "/%3Fx%3D1%26y%23z"},
        {"Gr\xc3\xb6\xc3\x9f"
         "e",
            "/Gr%C3%B6%C3%9Fe"},
        {"\xff", "/%FF"},
        {"a\r\nb\x7f\x01", "/a%0D%0Ab%7F%01"},
        {"\\@:;,!$'()*[]\"<>^`{|}",
            "/%5C%40%3A%3B%2C%21%24%27%28%29%2A%5B%5D%22%3C%3E%5E%60%7B%7C%7D"},
        {"", "/"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct buffer url;
        buffer_init(&url, URL_MAX);
        assert_int_equal(url_add_path(&url, &rows[i].part, 1), 0);
        assert_string_equal(url.data, rows[i].path);
        buffer_release(&url);
    }
}

static void test_path_and_query(void **state)
{
    static const char *const parts[] = {"repos", "acme", "a b", "..", "secrets"};
    struct buffer url;
    (void)state;
    buffer_init(&url, URL_MAX);
    assert_int_equal(url_add_path(&url, parts, LENGTH(parts)), 0);
    assert_string_equal(url.data, "/repos/acme/a%20b/%2E%2E/secrets");
    assert_int_equal(url_add_query(&url, "per_page", 100), 0);
    assert_string_equal(url.data, "/repos/acme/a%20b/%2E%2E/secrets?per_page=100");
    assert_int_equal(url_add_query(&url, "page", 4294967295u), 0);
    assert_string_equal(
        url.data, "/repos/acme/a%20b/%2E%2E/secrets?per_page=100&page=4294967295");
    buffer_release(&url);
}

static void test_too_long(void **state)
{
    const char *part = "eleven-long";
    struct buffer url;
    (void)state;
    buffer_init(&url, 11);
    assert_int_equal(url_add_path(&url, &part, 1), -EFBIG);
    buffer_clear(&url);
    assert_int_equal(url_add_query(&url, "per_page", 100), -EFBIG);
    buffer_release(&url);
}

#define FROM "https://api.github.com/repos/acme/old/actions/secrets?per_page=100"

#define TO "/repositories/7/actions/secrets"
#define HOST "https://api.github.com"

static const struct redirect {
    const char *url, *location;
    int err;
    const char *target;
} redirects[] = {
    {FROM, "https://api.github.com/repositories/7/actions/secrets?per_page=100", 0,
        "https://api.github.com/repositories/7/actions/secrets?per_page=100"},
    {FROM, "/repositories/7/actions/secrets", 0,
        "https://api.github.com/repositories/7/actions/secrets"},
    {FROM, "https://api.github.com:443" TO, 0, NULL},
    {"https://api.github.com:443/x", "https://api.github.com/x", 0, "https://api.github.com/x"},
    {FROM, "HTTPS://API.GitHub.com" TO, 0, NULL},
    {"http://127.0.0.1:8000/x?y", "http://127.0.0.1:8000/x", 0, "http://127.0.0.1:8000/x"},
    {"http://[::1]:8000/x?y", "/x", 0, "http://[::1]:8000/x"},
    {"https://api.github.com/a%2Fb/c?d", "/a%2Fb/c", 0, "https://api.github.com/a%2Fb/c"},

    {FROM, "/repos/umbrella/new/actions/secrets", 0, NULL},
    {HOST "/repos/a/b", "/repositories/7", 0, NULL},
    {HOST "/repositories/7", "/repos/a/b", 0, NULL},
    {HOST "/orgs/a/repos", "/organizations/7/repos?per_page=9", 0, NULL},
    {HOST "/users/a/repos", "/user/7/repos", 0, NULL},
    {HOST "/api/v3/repos/a/b/c", "/api/v3/repositories/7/c", 0, NULL},
    {HOST "/repos/a/b/environments/eu%2Fprod%281%29/secrets/A_B",
        "/repositories/7/environments/eu%2fprod(1)/secrets/a%5fb", 0, NULL},

    {HOST "/repos/a/b/actions/secrets/X", "/repos/a/b/actions/secrets/Y", -EXDEV, NULL},
    {HOST "/repos/a/b/actions/secrets/X", "Y", -EXDEV, NULL},
    {HOST "/repos/a/b/actions/secrets/X", "/repositories/7/actions/secrets", -EXDEV, NULL},
    {HOST "/repos/a/b/actions/secrets/X", "/repositories/7/actions/secrets/X/", -EXDEV, NULL},
    {HOST "/repos/a/b/actions/secrets/X", "/repositories/actions/secrets/X", -EXDEV, NULL},
    {HOST "/repos/a/b/actions/secrets/X", "/repos/a/actions/secrets/X", -EXDEV, NULL},
    {HOST "/repos/a/b/actions/secrets/X", "/orgs/a/actions/secrets/X", -EXDEV, NULL},
    {HOST "/repos/a/b/actions/secrets/X", "/x/repos/a/b/actions/secrets/X", -EXDEV, NULL},
    {HOST "/repos/a/b/actions/secrets/X", "/actions/secrets/X", -EXDEV, NULL},
    {HOST "/repos/a/b/environments/eu%2Fprod/secrets/X",
        "/repositories/7/environments/eu/prod/secrets/X", -EXDEV, NULL},
    {HOST "/repos/a/b/environments/production/secrets/X",
        "/repositories/7/environments/staging/secrets/X", -EXDEV, NULL},
    {HOST "/orgs/a/actions/secrets/X/repositories/5",
        "/organizations/7/actions/secrets/X/repositories/6", -EXDEV, NULL},
    {FROM, "/repositories/7/environments", -EXDEV, NULL},
    {HOST "/user/orgs", "/user/repos", -EXDEV, NULL},
    {HOST "/user", "/users/a", -EXDEV, NULL},

    {FROM, "http://api.github.com/x", -EPERM, NULL},
    {FROM, "http://api.github.com:443/x", -EPERM, NULL},
    {FROM, "https://api.github.com:8443/x", -EPERM, NULL},
    {FROM, "https://github.com/x", -EPERM, NULL},
    {FROM, "https://api.github.com.evil.example/x", -EPERM, NULL},
    {FROM, "https://api.github.com@evil.example/x", -EPERM, NULL},
    {FROM, "https://me:word@api.github.com/x", -EPERM, NULL},
    {FROM, "https://me@api.github.com/x", -EPERM, NULL},
    {FROM, "//evil.example/x", -EPERM, NULL},
    {"http://127.0.0.1:8000/y", "http://127.0.0.1:8001/x", -EPERM, NULL},
    {"http://127.0.0.1:8000/y", "http://localhost:8000/x", -EPERM, NULL},
    {"http://127.0.0.1:8000/y", "http://127.0.0.1/x", -EPERM, NULL},
    {FROM, "ftp://api.github.com/x", -EPERM, NULL},

    {FROM, "https://api.github.com/with space", -EINVAL, NULL},
    {FROM, "https://api.github.com:port/x", -EINVAL, NULL},
    {FROM, "https://", -EINVAL, NULL},
    {FROM, "gopher-of-some-kind://x/", -EINVAL, NULL},
};

static void test_redirect(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(redirects); i++) {
        const struct redirect *r = &redirects[i];
        char *target = NULL;
        int err = url_redirect(r->url, r->location, &target);
        if (err != r->err)
            fail_msg("%s -> %s: %d, not %d", r->url, r->location, err, r->err);
        if (err)
            assert_null(target);
        if (r->target)
            assert_string_equal(target, r->target);
        free(target);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encoding),
        cmocka_unit_test(test_path_and_query),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_redirect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
