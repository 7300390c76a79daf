#include "api.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "router.h"
#include "server_clock.h"
#include "xalloc.h"

static const int64_t RATE_WINDOW_SECONDS = 3600;

/* The token of the Authorization header, or NULL. */
static const char *bearer_token(const struct request *request)
{
    static const char *const schemes[] = {"Bearer ", "token "};
    const char *field = headers_get(request->headers, "authorization");

    for (size_t i = 0; field && i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t size = strlen(schemes[i]);

        if (strncasecmp(field, schemes[i], size) == 0)
            return field + size + strspn(field + size, " ");
    }
    return NULL;
}

static void refuse_version(const struct state *state, const char *version, struct reply *reply)
{
    const struct string_list *known = &state->config.api_versions;
    char *list = xstrdup("");

    for (size_t i = known->count; i > 0; i--) {
        char *longer = xprintf("%s%s\"%s\"%s", list, *list ? ", " : "", known->items[i - 1],
            i == known->count ? " (most recent)" : "");

        free(list);
        list = longer;
    }
    reply_error(reply, 400,
        "The version you specified in the \"X-GitHub-API-Version\" request header, \"%s\", is "
        "not a supported version. The following versions are currently supported: %s.",
        version, list);
    free(list);
}

static bool rate_used_up(struct state *state)
{
    struct rate *rate = &state->rate;
    time_t now = state_now(state);

    if (now >= rate->reset) {
        rate->remaining = rate->limit;
        rate->reset = now + RATE_WINDOW_SECONDS;
    }
    return rate->on && rate->remaining <= 0;
}

/* Answers a request that may not pass, in the order in which GitHub looks. */
static bool refused(struct state *state, const struct request *request, struct reply *reply)
{
    const char *agent = headers_get(request->headers, "user-agent");
    const char *version = headers_get(request->headers, "x-github-api-version");
    const char *token = bearer_token(request);

    if (!agent || !*agent) {
        static const char text[] =
            "\r\nRequest forbidden by administrative rules. Please make sure your request has "
            "a User-Agent header.\r\n";

        reply_bytes(reply, 403, text, sizeof(text) - 1);
        reply_header(reply, "Content-Type", "text/html; charset=utf-8");
    } else if (!headers_get(request->headers, "authorization")) {
        reply_error(reply, 401, "Requires authentication");
    } else if (!token || !string_list_has(&state->config.tokens, token)) {
        reply_error(reply, 401, "Bad credentials");
    } else if (version && !string_list_has(&state->config.api_versions, version)) {
        refuse_version(state, version, reply);
    } else if (rate_used_up(state) && strcmp(request->path, "/rate_limit") != 0) {
        reply_error(reply, 403, "API rate limit exceeded for user ID %lld.",
            (long long)state_account(state, state->config.login)->id);
    } else {
        return false;
    }
    return true;
}

void api_answer(struct state *state, const struct request *request, struct reply *reply)
{
    pthread_mutex_lock(&state->lock);
    if (!refused(state, request, reply))
        router_answer(state, request, reply);
    pthread_mutex_unlock(&state->lock);
}

static void default_header(struct reply *reply, const char *name, const char *value)
{
    if (!headers_get(reply->headers, name))
        headers_set(&reply->headers, name, value);
}

/* An ETag belongs to a token: the same body has another one for another token. */
static void add_etag(const struct request *request, struct reply *reply)
{
    const char *token = bearer_token(request);
    unsigned char digest[32];
    char hex[2 * sizeof(digest) + 1];
    crypto_generichash_state hash;

    crypto_generichash_init(&hash, NULL, 0, sizeof(digest));
    if (token)
        crypto_generichash_update(&hash, (const unsigned char *)token, strlen(token) + 1);
    crypto_generichash_update(&hash, (const unsigned char *)reply->body, reply->body_size);
    crypto_generichash_final(&hash, digest, sizeof(digest));
    sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest));
    reply_header(reply, "ETag", "W/\"%s\"", hex);
}

static const char *strong_part(const char *etag)
{
    return strncmp(etag, "W/", 2) == 0 ? etag + 2 : etag;
}

/* Whether If-None-Match has the ETag, by the weak comparison that GET is to use. */
static bool client_has(const struct request *request, const char *etag)
{
    const char *field = headers_get(request->headers, "if-none-match");
    size_t etag_size = strlen(strong_part(etag));

    for (const char *at = field; at && *at;) {
        const char *tag = strong_part(at + strspn(at, " ,"));
        size_t size = strcspn(tag, ", ");

        if ((size == 1 && *tag == '*') ||
            (size == etag_size && strncmp(tag, strong_part(etag), size) == 0))
            return true;
        at = tag + size;
    }
    return false;
}

static void add_rate_headers(const struct rate *rate, struct reply *reply)
{
    const struct {
        const char *name;
        int64_t value;
    } fields[] = {
        {"X-RateLimit-Limit", rate->limit},
        {"X-RateLimit-Remaining", rate->remaining},
        {"X-RateLimit-Reset", rate->reset},
        {"X-RateLimit-Used", rate->limit - rate->remaining},
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        char *value = xprintf("%lld", (long long)fields[i].value);

        default_header(reply, fields[i].name, value);
        free(value);
    }
    default_header(reply, "X-RateLimit-Resource", "core");
}

const char *api_version(const struct state *state, const struct request *request)
{
    const struct string_list *known = &state->config.api_versions;
    const char *version = headers_get(request->headers, "x-github-api-version");

    if (version && string_list_has(known, version))
        return version;
    return known->count > 0 ? known->items[0] : NULL;
}

static void add_identity(
    const struct state *state, const struct request *request, struct reply *reply)
{
    const char *version = api_version(state, request);
    char date[CLOCK_HTTP_SIZE];
    char *id = xprintf("%04X:%06X:%07X:%07X:%08X", randombytes_uniform(1U << 16),
        randombytes_uniform(1U << 24), randombytes_uniform(1U << 28),
        randombytes_uniform(1U << 28), randombytes_random());

    clock_http(state_now(state), date);
    default_header(reply, "Server", "github.com");
    default_header(reply, "Date", date);
    default_header(reply, "X-GitHub-Request-Id", id);
    default_header(reply, "X-GitHub-Media-Type", "github.v3; format=json");
    if (version)
        default_header(reply, "X-GitHub-Api-Version-Selected", version);
    free(id);
}

void api_decorate(
    struct state *state, const struct request *request, struct reply *reply, bool may_be_304)
{
    bool reads = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    struct rate *rate = &state->rate;

    pthread_mutex_lock(&state->lock);
    if (reads && reply->status == 200 && may_be_304) {
        add_etag(request, reply);
        default_header(reply, "Cache-Control", "private, max-age=60, s-maxage=60");
        default_header(reply, "Vary", "Accept, Authorization, Cookie, X-GitHub-OTP");
        if (client_has(request, headers_get(reply->headers, "etag")))
            reply_empty(reply, 304);
    }
    if (reply->body)
        default_header(reply, "Content-Type", "application/json; charset=utf-8");
    add_identity(state, request, reply);
    if (rate->on) {
        if (reply->status != 304 && reply->status != 401 && rate->remaining > 0 &&
            strcmp(request->path, "/rate_limit") != 0)
            rate->remaining--;
        add_rate_headers(rate, reply);
    }
    pthread_mutex_unlock(&state->lock);
}
