#include "github/response.h"

#include <ctype.h>
#include <limits.h>
#include <stddef.h>
#include <time.h>

void response_init(struct http_response *response)
{
    *response = (struct http_response){.length = -1,
        .date = -1,
        .retry_after = -1,
        .retry_at = -1,
        .limit = -1,
        .limit_remaining = -1,
        .limit_reset = -1};
    buffer_init(&response->body, RESPONSE_BODY_MAX);
}

void response_release(struct http_response *response)
{
    buffer_release(&response->body);
}

/* A date in the form that servers must send (RFC 9110 §5.6.7); -1 for any other text. */
static int64_t parse_date(const char *value)
{
    struct tm tm = {0};
    const char *end = strptime(value, "%a, %d %b %Y %H:%M:%S", &tm);
    return end && strcmp(end, " GMT") == 0 ? (int64_t)timegm(&tm) : -1;
}

static int64_t parse_number(const char *value)
{
    uint64_t n;
    return text_to_u64(value, INT64_MAX, &n) ? (int64_t)n : -1;
}

/* `value` is a number of seconds or a date (RFC 9110 §10.2.3). */
static void parse_retry_after(struct http_response *response, const char *value)
{
    response->retry_after = parse_number(value);
    response->retry_at = response->retry_after < 0 ? parse_date(value) : -1;
}

/* A 403 has "required; url=https://…"; a list has "partial-results; organizations=1,2,3". */
static void parse_sso(struct http_response *response, const char *value)
{
    const char *url = strstr(value, "url="), *ids = strstr(value, "organizations=");

    if (strncmp(value, "required", 8) == 0 && url)
        text_printable(
            response->sso_url, sizeof response->sso_url, url + 4, strcspn(url + 4, "; "));
    if (strncmp(value, "partial-results", 15) != 0)
        return;
    response->sso_hidden = 1;
    for (; ids && *ids && *ids != ';'; ids++)
        response->sso_hidden += *ids == ',';
}

/* The page number in the link whose parameters hold `rel`, or 0. RFC 8288. */
static unsigned parse_link(const char *value, const char *rel)
{
    for (const char *link = strchr(value, '<'); link; link = strchr(link + 1, '<')) {
        const char *end = strchr(link, '>');
        if (!end)
            return 0;
        const char *next = strchr(end, '<');
        const char *found = strstr(end, rel);
        if (!found || (next && found > next))
            continue;
        for (const char *q = link; q < end; q++)
            if ((q[0] == '?' || q[0] == '&') && strncmp(q + 1, "page=", 5) == 0) {
                unsigned long page = strtoul(q + 6, NULL, 10);
                return page < UINT_MAX ? (unsigned)page : UINT_MAX;
            }
    }
    return 0;
}

enum header_form { FORM_TEXT, FORM_EXACT, FORM_NUMBER, FORM_DATE };

static const struct header {
    const char *name;
    enum header_form form;
    size_t offset, size;
} headers[] = {
#define HEADER(name, form, member) \
    { \
        name, form, offsetof(struct http_response, member), \
            sizeof(((struct http_response *)NULL)->member) \
    }
    HEADER("ETag", FORM_EXACT, etag),
    HEADER("Location", FORM_EXACT, location),
    HEADER("X-GitHub-Request-Id", FORM_TEXT, request_id),
    HEADER("X-Accepted-GitHub-Permissions", FORM_TEXT, wanted),
    HEADER("Date", FORM_DATE, date),
    HEADER("X-RateLimit-Limit", FORM_NUMBER, limit),
    HEADER("X-RateLimit-Remaining", FORM_NUMBER, limit_remaining),
    HEADER("X-RateLimit-Reset", FORM_NUMBER, limit_reset),
#undef HEADER
};

static void store(struct http_response *response, const struct header *header, char *value)
{
    void *field = (char *)response + header->offset;

    switch (header->form) {
    case FORM_TEXT:
        text_printable(field, header->size, value, strlen(value));
        break;
    case FORM_EXACT: /* the text goes back to the server: whole and clean, or not at all */
        for (const char *c = value; *c; c++)
            if (!isprint((unsigned char)*c))
                return;
        if (!text_copy(field, header->size, value))
            return;
        break;
    case FORM_NUMBER:
        *(int64_t *)field = parse_number(value);
        break;
    case FORM_DATE:
        *(int64_t *)field = parse_date(value);
        break;
    }
}

/* The status in "HTTP/1.1 201 Created", where "Created" may be missing; 0 for any other line.
 * libcurl reads less strictly, and takes 201 from "HTTP/1.1 201X". */
static long parse_status(const char *line, size_t len)
{
    char copy[24];
    const char *at = copy + strlen("HTTP/");

    snprintf(copy, sizeof copy, "%.*s", (int)(len < sizeof copy ? len : sizeof copy - 1), line);
    if (!isdigit((unsigned char)*at++))
        return 0;
    if (at[0] == '.' && isdigit((unsigned char)at[1]))
        at += 2;
    if (*at++ != ' ' || strspn(at, "0123456789") != 3)
        return 0;
    if (at[3] && !isspace((unsigned char)at[3]))
        return 0;
    return strtol(at, NULL, 10);
}

static void begin_anew(struct http_response *response, const char *line, size_t len)
{
    const struct http_response before = *response;
    response_init(response);
    response->body = before.body;
    response->repeated = before.repeated;
    response->secret = before.secret;
    response->secret_len = before.secret_len;
    response->status = parse_status(line, len);
    response->is_malformed = response->status == 0;
}

/* Of two different lengths one is wrong, and a text that is no number may mean any length. */
static void check_length(struct http_response *response, const char *value)
{
    int64_t length = parse_number(value);
    response->is_malformed |=
        length < 0 || (response->length >= 0 && response->length != length);
    response->length = length;
}

void response_header(struct http_response *response, const char *line, size_t len)
{
    char copy[4096];

    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        begin_anew(response, line, len);
        return;
    }
    while (len > 0 && isspace((unsigned char)line[len - 1]))
        len--;
    if (len == 0) {
        response->is_complete = response->status >= 200;
        return;
    }
    const char *colon = memchr(line, ':', len);
    if (!colon || len >= sizeof copy)
        return;
    memcpy(copy, line, len);
    copy[len] = '\0';
    copy[colon - line] = '\0';
    char *value = copy + (colon - line) + 1;
    value += strspn(value, " \t");

    if (strcasecmp(copy, "Link") == 0) {
        response->last_page = parse_link(value, "rel=\"last\"");
        response->next_page = parse_link(value, "rel=\"next\"");
        return;
    }
    text_hide(value, response->secret, response->secret_len);
    if (strcasecmp(copy, "Content-Length") == 0)
        check_length(response, value);
    if (strcasecmp(copy, "Retry-After") == 0)
        parse_retry_after(response, value);
    if (strcasecmp(copy, "X-GitHub-SSO") == 0)
        parse_sso(response, value);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        if (strcasecmp(copy, headers[i].name) == 0)
            store(response, &headers[i], value);
}
