/*
 * github/response.h and verdict.h: the lines of an answer's head, an empty line, and the body.
 * What a person will read is printable; what goes back to the server is whole.
 */
#include "github/response.h"

#include <string.h>

#include "fuzz.h"
#include "github/verdict.h"

#define WAIT_MAX_MS (VERDICT_WAIT_MAX_S * 1000u)

static void check_exact(const char *text, size_t size)
{
    REQUIRE(memchr(text, '\0', size));
    for (const char *c = text; *c; c++)
        REQUIRE(*c >= 0x20 && *c < 0x7f);
}

static void check_response(const struct http_response *response)
{
    check_exact(response->etag, sizeof response->etag);
    check_exact(response->location, sizeof response->location);
    REQUIRE(is_printable_line(response->request_id));
    REQUIRE(is_printable_line(response->wanted));
    REQUIRE(is_printable_line(response->sso_url));
    REQUIRE(response->retry_after >= -1);
    REQUIRE(response->retry_at >= -1);
    REQUIRE(response->limit >= -1);
    REQUIRE(response->limit_remaining >= -1);
    REQUIRE(response->limit_reset >= -1);
}

static void check_verdict(
    const struct http_response *response, enum endpoint endpoint, bool conditional)
{
    struct verdict verdict;
    verdict_reach(response, endpoint, conditional, &verdict);
    REQUIRE(verdict.wait_ms <= WAIT_MAX_MS);
    REQUIRE(is_printable_line(verdict.why.message));
    REQUIRE(strlen(verdict.why.message) < FAILURE_MESSAGE_SIZE);
    REQUIRE(is_printable_line(verdict.why.request_id));
    if (verdict.action == VERDICT_REDIRECT)
        REQUIRE(response->location[0]);
    else if (verdict.action != VERDICT_OK)
        REQUIRE(verdict.why.err < 0 && verdict.why.message[0]);
    REQUIRE((verdict.action == VERDICT_LIMITED) <= (verdict.wait_ms > 0));
}

/* "HTTP/2 403" has 403. */
static long status_of(const char *line, size_t len)
{
    long status = 0;
    const char *space = memchr(line, ' ', len);
    for (const char *c = space ? space + 1 : line + len; c < line + len; c++) {
        if (*c < '0' || *c > '9' || status > 99)
            break;
        status = status * 10 + *c - '0';
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_response response;
    size_t at = 0;

    response_init(&response);
    while (at < size && data[at] != '\n') {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t len = (end ? (size_t)(end - data) + 1 : size) - at;
        char *line = copy_bytes(data + at, len);
        response_header(&response, line, len);
        if (at == 0)
            response.status = status_of(line, len);
        free(line);
        at += len;
    }
    if (at < size)
        REQUIRE(buffer_add(&response.body, data + at + 1, size - at - 1) == 0);
    check_response(&response);
    for (enum endpoint e = 0; e < ENDPOINT_COUNT; e++) {
        check_verdict(&response, e, false);
        check_verdict(&response, e, true);
    }
    response_release(&response);
    return 0;
}
