/*
 * github/url.h: the input's lines as parts of a path, and the whole as a redirect's target.
 */
#include "github/url.h"

#include <errno.h>
#include <string.h>

#include "fuzz.h"

#define PARTS_MAX 16

/* Does an encoded part, up to the next '/' or the end, say this? */
static bool decodes_to(const char *part, size_t len, const char *name)
{
    size_t i = 0;
    for (; i < len; name++) {
        unsigned long byte = (unsigned char)part[i++];
        if (byte == '%') {
            byte = strtoul((const char[]){part[i], part[i + 1], '\0'}, NULL, 16);
            i += 2;
        }
        if (byte != (unsigned char)*name)
            return false;
    }
    return *name == '\0';
}

static void check_path(char *text)
{
    static const char plain[] = "/%.-_~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    char *names[PARTS_MAX], *rest = text, *line;
    size_t count = 0;
    struct buffer url;

    while (count < PARTS_MAX && (line = strsep(&rest, "\n")))
        names[count++] = line;
    buffer_init(&url, 1u << 20);
    REQUIRE(url_add_path(&url, (const char *const *)names, count) == 0);
    REQUIRE(strspn(url.data, plain) == url.len);
    const char *at = url.data;
    for (size_t i = 0; i < count; i++) {
        REQUIRE(*at++ == '/');
        size_t len = strcspn(at, "/");
        REQUIRE(strncmp(at, "./", 2) != 0 && strncmp(at, "../", 3) != 0);
        REQUIRE(decodes_to(at, len, names[i]));
        at += len;
    }
    REQUIRE(*at == '\0');
    buffer_release(&url);
}

/* The scheme, host and port of a URL, as a careful reader sees them: up to the path. */
static void check_redirect(const char *base, const char *authority, const char *location)
{
    char *target = NULL;
    int err = url_redirect(base, location, &target);
    if (err) {
        REQUIRE(err == -EPERM || err == -EXDEV || err == -EINVAL);
        REQUIRE(!target);
        return;
    }
    size_t len = strlen(authority);
    REQUIRE(strncasecmp(target, authority, len) == 0);
    const char *rest = target + len;
    if (strncmp(rest, ":443", 4) == 0)
        rest += 4;
    REQUIRE(*rest == '/' || *rest == '?' || *rest == '#' || *rest == '\0');
    for (const unsigned char *c = (const unsigned char *)target; *c; c++)
        REQUIRE(*c > 0x20 && *c != 0x7f);
    free(target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = copy_string(data, size);
    check_redirect(
        "https://api.example.com/repos/acme/web?page=2", "https://api.example.com", text);
    check_redirect("http://127.0.0.1:8080/user", "http://127.0.0.1:8080", text);
    check_path(text);
    free(text);
    return 0;
}
