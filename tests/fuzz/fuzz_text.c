/*
 * base/text.h: what a person reads is printable whatever it was; times and numbers are what
 * they say.
 */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#include "fuzz.h"

/* 9999-12-31T23:59:59Z */
#define TIME_MAX INT64_C(253402300799)

static void check_printable(const char *text, size_t len, size_t size)
{
    char *out = malloc(size), *again = malloc(size);
    REQUIRE(out && again);
    text_printable(out, size, text, len);
    REQUIRE(memchr(out, '\0', size));
    REQUIRE(is_printable_line(out));
    REQUIRE(out[0] != ' ' && !strstr(out, "  "));
    text_printable(again, size, out, strlen(out));
    /* But for a space where it was cut. */
    size_t kept = strlen(again);
    REQUIRE(strncmp(again, out, kept) == 0 && (!out[kept] || strcmp(out + kept, " ") == 0));
    free(out);
    free(again);
}

static void check_time(const char *text)
{
    int64_t time, again;
    char written[24];
    if (!text_to_time(text, &time))
        return;
    if (time < 0 || time > TIME_MAX)
        return;
    text_from_time(written, time);
    REQUIRE(strlen(written) == strlen("2026-01-02T03:04:05Z"));
    REQUIRE(text_to_time(written, &again) && again == time);
}

static void check_copy(const char *text, size_t size)
{
    char *out = malloc(size);
    REQUIRE(out);
    bool fits = text_copy(out, size, text);
    REQUIRE(fits == (strlen(text) < size));
    REQUIRE(strcmp(out, fits ? text : "") == 0);
    free(out);
}

static void check_number(const char *text)
{
    char written[24];
    uint64_t n;
    if (!text_to_u64(text, INT64_MAX, &n))
        return;
    REQUIRE(n <= INT64_MAX);
    snprintf(written, sizeof written, "%llu", (unsigned long long)n);
    size_t zeros = strspn(text, "0");
    REQUIRE(strcmp(text[zeros] ? text + zeros : "0", written) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t sizes[] = {1, 2, 3, 7, 24, 201};
    char *bytes = copy_bytes(data, size), *text = copy_string(data, size);
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        check_printable(bytes, size, sizes[i]);
        check_copy(text, sizes[i]);
    }
    check_time(text);
    check_number(text);
    free(bytes);
    free(text);
    return 0;
}
