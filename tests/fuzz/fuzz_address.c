/*
 * program/address.h: the first line is SOURCE, the second api_url. What is taken for a host is
 * the one that libcurl will connect to.
 */
#include "program/address.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <string.h>

#include "fuzz.h"

/* The host of a URL, as libcurl reads it, without brackets. */
static char *curl_host(const char *url)
{
    CURLU *parsed = curl_url();
    char *host = NULL;
    REQUIRE(parsed);
    REQUIRE(curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK);
    REQUIRE(curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK);
    curl_url_cleanup(parsed);
    if (host[0] == '[') {
        size_t len = strlen(host);
        memmove(host, host + 1, len);
        host[len - 2] = '\0';
    }
    return host;
}

static bool is_loopback(const char *host)
{
    struct in_addr in;
    struct in6_addr in6;
    return strcasecmp(host, "localhost") == 0 ||
           (inet_pton(AF_INET, host, &in) == 1 && ntohl(in.s_addr) >> 24 == 127) ||
           (inet_pton(AF_INET6, host, &in6) == 1 && IN6_IS_ADDR_LOOPBACK(&in6));
}

/* libcurl writes addresses its own way: 127.1 as 127.0.0.1, ::0 as ::. */
static bool is_address(const char *host)
{
    struct in6_addr any;
    return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

static void check_api(const struct config *config)
{
    bool plain = strncasecmp(config->api_url, "http://", 7) == 0;
    size_t len = strlen(config->api_url);
    char *host = curl_host(config->api_url);

    REQUIRE(plain || strncasecmp(config->api_url, "https://", 8) == 0);
    REQUIRE(!plain || config->api_loopback);
    REQUIRE(config->api_url[len - 1] != '/');
    REQUIRE(is_address(host) || strcasecmp(host, config->api_host) == 0);
    REQUIRE(!config->api_loopback || is_loopback(host));
    REQUIRE(strlen(config->token_host) <= strlen(config->api_host));
    curl_free(host);
}

static void check_source(const struct config *config)
{
    size_t len = strlen(config->path);
    for (const char *c = config->host; *c; c++)
        REQUIRE(*c > ' ' && *c < 0x7f && !(*c >= 'A' && *c <= 'Z') && *c != '/');
    REQUIRE(config->path[0] != '/' && (len == 0 || config->path[len - 1] != '/'));
    REQUIRE(!strstr(config->path, "//") && !strstr(config->path, "/../"));
    REQUIRE(!text_has_control(config->path));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config = {0};
    char *text = copy_string(data, size), *url = text;
    const char *source = strsep(&url, "\n");

    unsetenv("GH_HOST");
    int err = address_parse_source(&config, source);
    REQUIRE(err == 0 || err == -EINVAL);
    if (!err) {
        check_source(&config);
        if (url && *url)
            config.api_url = strdup(url);
        err = address_set_api(&config);
        REQUIRE(err == 0 || (err == -EINVAL && url));
    }
    if (!err) {
        check_api(&config);
        REQUIRE(strchr(config.source, ':'));
    }
    config_release(&config);
    free(text);
    return 0;
}
