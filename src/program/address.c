#include "program/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>

#include "base/log.h"

/* RFC 1035, 2.3.4. */
#define HOST_NAME_MAX_BYTES 253
#define HOST_LABEL_MAX_BYTES 63

static int no_memory(void)
{
    log_error("not enough memory to read the options");
    return -ENOMEM;
}

static char *lower_case(char *text)
{
    for (char *c = text; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return text;
}

/* --- SOURCE --------------------------------------------------------------------------- */

static bool host_label_is_plausible(const char *label, size_t len)
{
    if (len == 0 || len > HOST_LABEL_MAX_BYTES || label[0] == '-' || label[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)label[i]) && label[i] != '-' && label[i] != '_')
            return false;
    return true;
}

/* Is `host` a host name, an IPv4 address, or an IPv6 address in brackets? The check is strict,
 * since the host becomes part of a URL and an argument of `gh`. */
static bool host_is_plausible(const char *host)
{
    size_t len = strlen(host);
    if (len == 0 || len > HOST_NAME_MAX_BYTES)
        return false;
    if (host[0] == '[') {
        char address[INET6_ADDRSTRLEN] = "";
        struct in6_addr in6;
        if (len < 2 || host[len - 1] != ']' || len - 2 >= sizeof address)
            return false;
        memcpy(address, host + 1, len - 2);
        return inet_pton(AF_INET6, address, &in6) == 1;
    }
    for (const char *label = host;; label++) {
        size_t label_len = strcspn(label, ".");
        if (!host_label_is_plausible(label, label_len))
            return false;
        label += label_len;
        if (!*label)
            return true;
    }
}

/* Length of HOST in "HOST:PATH" or "HOST[:PORT]/..."; a ':' in brackets does not end it. */
static size_t host_length(const char *text)
{
    const char *bracket = text[0] == '[' ? strchr(text, ']') : NULL;
    return bracket ? (size_t)(bracket - text) + 1 : strcspn(text, ":/");
}

/* How to give the host that was perhaps meant. */
static const char *host_advice(const char *host)
{
    for (const char *c = host; *c; c++)
        if ((unsigned char)*c >= 0x80)
            return "give it as DNS has it, in ASCII: xn--...";
    if (!*host)
        return "nothing is before the first ':'; an IPv6 address goes in brackets";
    if (strchr(host, '@'))
        return "no user goes before it";
    return "an IPv6 address goes in brackets, a port in api_url";
}

static int set_host(struct config *config, const char *host, size_t len, const char *origin)
{
    config->host = strndup(host, len);
    if (!config->host)
        return no_memory();
    lower_case(config->host);
    if (host_is_plausible(config->host))
        return 0;
    char shown[128];
    text_printable(shown, sizeof shown, host, len);
    log_error("%s: '%s' is not a host name (%s)", origin, shown, host_advice(config->host));
    return -EINVAL;
}

/* People may try the address of a web page, or of a clone. */
static bool is_url(const char *text)
{
    size_t scheme =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-.0123456789");
    return scheme > 0 && strncmp(text + scheme, "://", 3) == 0;
}

/* The message does not show the URL, since a URL may have a password. */
static int refuse_url(const char *origin, const char *expected)
{
    log_error("%s: a URL can't be given here: expected %s", origin, expected);
    return -EINVAL;
}

/* The API's own name is refused, since `gh` keeps a token for the host that people know. */
static int check_host_is_no_api(const struct config *config, const char *origin)
{
    const char *host = config->host;
    bool is_github = text_has_suffix(host, ".github.com");
    bool is_ghe = strncmp(host, "api.", 4) == 0 && text_has_suffix(host + 4, ".ghe.com");
    if (!is_github && !is_ghe)
        return 0;
    log_error("%s: give %s instead of %s", origin, is_github ? "github.com" : host + 4, host);
    return -EINVAL;
}

static bool path_is_valid(const char *path)
{
    if (!*path)
        return true;
    for (;; path++) {
        size_t len = strcspn(path, "/");
        if (len == 0 || (len == 1 && path[0] == '.') ||
            (len == 2 && path[0] == '.' && path[1] == '.'))
            return false;
        path += len;
        if (!*path)
            return true;
    }
}

static int set_tree_path(struct config *config, const char *path)
{
    config->path = strdup(path);
    if (!config->path)
        return no_memory();
    size_t len = strlen(config->path);
    if (len > 1 && config->path[len - 1] == '/')
        config->path[len - 1] = '\0';
    if (path_is_valid(config->path) && !text_has_control(config->path))
        return 0;
    char shown[256];
    text_printable(shown, sizeof shown, path, strlen(path));
    log_error("SOURCE: '%s' is not a path of the tree: expected one such as "
              "repos/OWNER/REPO/actions/secrets, without a leading '/' or an empty, '.' or "
              "'..' part",
        shown);
    return -EINVAL;
}

int address_parse_source(struct config *config, const char *text)
{
    const char *path = text ? text : "";
    const char *variable = getenv("GH_HOST");
    size_t len = host_length(path);
    int err;
    if (is_url(path))
        return refuse_url("SOURCE", "[HOST:]PATH, such as "
                                    "github.com:repos/OWNER/REPO/actions/secrets");
    /* A ':' after the first '/' belongs to a name in the tree. */
    if (path[len] == ':') {
        err = set_host(config, path, len, "SOURCE");
        if (!err)
            err = check_host_is_no_api(config, "SOURCE");
        path += len + 1;
        /* No first part of a path has a ':', but sshfs's users may try "HOST:PORT:PATH". */
        if (!err && path[host_length(path)] == ':') {
            log_error("SOURCE: expected [HOST:]PATH; a port can be given with api_url");
            err = -EINVAL;
        }
    } else if (variable && *variable) {
        err = is_url(variable) ? refuse_url("GH_HOST", "a host name, such as github.com")
                               : set_host(config, variable, strlen(variable), "GH_HOST");
        if (!err)
            err = check_host_is_no_api(config, "GH_HOST");
    } else {
        err = set_host(config, "github.com", strlen("github.com"), "SOURCE");
        config->host_is_default = true;
    }
    return err ? err : set_tree_path(config, path);
}

/* --- The API's URL -------------------------------------------------------------------- */

static bool host_is_loopback(const char *host)
{
    struct in_addr in;
    struct in6_addr in6;
    if (inet_pton(AF_INET, host, &in) == 1)
        return ntohl(in.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &in6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&in6);
    return strcmp(host, "localhost") == 0;
}

static bool host_is_cloud(const char *host)
{
    return strcmp(host, "github.com") == 0 || text_has_suffix(host, ".ghe.com");
}

/* NULL, or what is wrong with the URL. The check is strict, so that libcurl can't read the URL
 * in another way than the checks in this file. */
static const char *url_text_problem(const char *url)
{
    if (strchr(url, '@'))
        return "no user name or password can be in it";
    for (const char *c = url; *c; c++)
        if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f)
            return "spaces, control and non-ASCII characters can't be in it";
    if (strpbrk(url, "?#\\"))
        return "no query, fragment or backslash can be in it";
    return NULL;
}

/* Sets api_host and api_loopback. NULL, or what is wrong with api_url. */
static const char *parse_api_url(struct config *config)
{
    const char *url = config->api_url, *problem = url_text_problem(url);
    if (problem)
        return problem;
    bool plain = strncasecmp(url, "http://", 7) == 0;
    if (!plain && strncasecmp(url, "https://", 8) != 0)
        return "expected https://HOST[:PORT][/PATH]";
    const char *host = url + (plain ? 7 : 8);
    size_t len = host_length(host);
    char *copy = strndup(host, len);
    if (!copy)
        return "not enough memory";
    config->api_host = lower_case(copy);
    if (!host_is_plausible(copy))
        return "its host is not a host name";
    if (copy[0] == '[') {
        memmove(copy, copy + 1, len - 2);
        copy[len - 2] = '\0';
    }
    if (host[len] == ':') {
        char port[6] = "";
        size_t port_len = strcspn(host + len + 1, "/");
        uint64_t number;
        if (port_len < sizeof port)
            memcpy(port, host + len + 1, port_len);
        if (!text_to_u64(port, UINT16_MAX, &number) || number == 0)
            return "its port is not a number from 1 to 65535";
    } else if (host[len] && host[len] != '/') {
        return "expected https://HOST[:PORT][/PATH]";
    }
    config->api_loopback = host_is_loopback(copy);
    if (plain && !config->api_loopback)
        return "http would show the token to the network: use https";
    if (host_is_cloud(copy) && strncmp(copy, "api.", 4) != 0)
        return "its host has the web pages, and the API is https://api.HOST: leave api_url out";
    return NULL;
}

/* With api_url and no HOST, requests do not go to github.com: the shown host is that of
 * api_url. */
static int set_source(struct config *config)
{
    if (config->api_url_given && config->host_is_default) {
        free(config->host);
        config->host = strdup(config->token_host);
    }
    if (config->host && asprintf(&config->source, "%s:%s", config->host, config->path) >= 0)
        return 0;
    config->source = NULL;
    return no_memory();
}

/* No message shows the URL, since a URL may have a password. */
int address_set_api(struct config *config)
{
    const char *host = config->host;
    config->api_url_given = config->api_url != NULL;
    if (!config->api_url &&
        asprintf(&config->api_url, "https://%s%s%s", host_is_cloud(host) ? "api." : "", host,
            host_is_cloud(host) ? "" : "/api/v3") < 0) {
        config->api_url = NULL;
        return no_memory();
    }
    size_t len = strlen(config->api_url);
    while (len > 0 && config->api_url[len - 1] == '/')
        config->api_url[--len] = '\0';
    const char *problem = parse_api_url(config);
    if (problem) {
        log_error("api_url: %s", problem);
        return -EINVAL;
    }
    bool has_api = strncmp(config->api_host, "api.", 4) == 0;
    config->token_host =
        strdup(config->api_host + (has_api && host_is_cloud(config->api_host + 4) ? 4 : 0));
    if (!config->token_host)
        return no_memory();
    config->token_is_enterprise = !host_is_cloud(config->token_host);
    return set_source(config);
}
