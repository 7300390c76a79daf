/*
 * text.h: what a server says must not reach a terminal as it is, and what it counts must be
 * taken exactly or not at all.
 */
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"

static void test_printable(void **state)
{
    static const struct {
        const char *in;
        const char *out;
    } rows[] = {
        {"", ""},
        {"plain, with ~ and \"", "plain, with ~ and \""},
        {"  leading and trailing \r\n", "leading and trailing"},
        {"one\r\n\t two\v\fthree", "one two three"},
        {" \t\n", ""},
        {"bell\a nul-less\x7f", "bell? nul-less?"},
        {"\x1b[31mred\x1b[0m", "?[31mred?[0m"},
        {"\x1b]0;title\x07", "?]0;title?"},
        {"CSI \xc2\x9b"
         "31m",
            "CSI ??31m"},
        {"NEL \xc2\x85.", "NEL ??."},
        {"no-break\xc2\xa0space", "no-break\xc2\xa0space"},
        {"Gr\xc3\xbc\xc3\x9f"
         "e \xe2\x82\xac \xf0\x9f\x94\x91",
            "Gr\xc3\xbc\xc3\x9f"
            "e \xe2\x82\xac "
            "\xf0\x9f\x94\x91"},
        {"\xe2\x80\xae"
         "evil",
            "???evil"},
        {"\xe2\x80\x8f.\xe2\x80\xa8.\xe2\x80\xa9.", "???.???.???."},
        {"\xe2\x81\xa6.\xe2\x81\xa9", "???.???"},
        {"\xe2\x80\x8b.", "???."},
        {"\xe2\x80\x93 dash", "\xe2\x80\x93 dash"},
        {"\xff\xfe\x80", "???"},
        {"overlong \xc0\xaf \xe0\x80\xaf \xf0\x80\x80\xaf", "overlong ?? ??? ????"},
        {"surrogate \xed\xa0\x80", "surrogate ???"},
        {"past the end \xf4\x90\x80\x80 \xf5\x80\x80\x80", "past the end ???? ????"},
        {"cut off \xe2\x82", "cut off ??"},
        {"cut \xe2\x82z", "cut ??z"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char out[128];
        text_printable(out, sizeof out, rows[i].in, strlen(rows[i].in));
        assert_string_equal(out, rows[i].out);
    }
}

static size_t encode(uint32_t c, char out[static 5])
{
    if (c < 0x800)
        return (size_t)snprintf(out, 5, "%c%c", (int)(0xc0 | c >> 6), (int)(0x80 | (c & 0x3f)));
    if (c < 0x10000)
        return (size_t)snprintf(out, 5, "%c%c%c", (int)(0xe0 | c >> 12),
            (int)(0x80 | (c >> 6 & 0x3f)), (int)(0x80 | (c & 0x3f)));
    return (size_t)snprintf(out, 5, "%c%c%c%c", (int)(0xf0 | c >> 18),
        (int)(0x80 | (c >> 12 & 0x3f)), (int)(0x80 | (c >> 6 & 0x3f)),
        (int)(0x80 | (c & 0x3f)));
}

static void test_unseen(void **state)
{
    static const struct {
        uint32_t first, last;
        bool printable;
    } rows[] = {
        {0x80, 0x9f, false},
        {0xa0, 0xac, true},
        {0xad, 0xad, false},
        {0xae, 0x34e, true},
        {0x34f, 0x34f, false},
        {0x600, 0x605, false},
        {0x606, 0x61b, true},
        {0x61c, 0x61c, false},
        {0x180b, 0x180f, false},
        {0x200b, 0x200f, false},
        {0x2010, 0x2027, true},
        {0x2028, 0x202e, false},
        {0x2060, 0x206f, false},
        {0x3164, 0x3164, false},
        {0x4e00, 0x9fff, true},
        {0xd7a3, 0xd7a3, true},
        {0xd800, 0xdfff, false},
        {0xe000, 0xf8ff, false},
        {0xf900, 0xf900, true},
        {0xfdd0, 0xfdef, false},
        {0xfe00, 0xfe0f, false},
        {0xfeff, 0xfeff, false},
        {0xfff9, 0xfffb, false},
        {0xfffc, 0xfffd, true},
        {0xfffe, 0xffff, false},
        {0x1d173, 0x1d17a, false},
        {0x1f511, 0x1f511, true},
        {0x1fffe, 0x1ffff, false},
        {0xe0000, 0xe007f, false},
        {0xe0100, 0xe01ef, false},
        {0xf0000, 0x10ffff, false},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++)
        for (uint32_t c = rows[i].first; c <= rows[i].last; c++) {
            char in[5], out[5];
            size_t len = encode(c, in);
            text_printable(out, sizeof out, in, len);
            if ((strcmp(out, in) == 0) != rows[i].printable)
                fail_msg("U+%04X", (unsigned)c);
            assert_int_equal(strlen(out), len);
        }
}

static void test_hide(void **state)
{
    static const struct {
        const char *text, *secret, *out;
    } rows[] = {
        {"", "token", ""},
        {"nothing", "token", "nothing"},
        {"token", "token", "***"},
        {"a token, tokens", "token", "a ***, ***s"},
        {"tokentoken", "token", "******"},
        {"totoken", "token", "to***"},
        {"aaa", "aa", "**a"},
        {"abc", "", "abc"},
        {"***", "*", "***"},
        {"***********", "****", "*********"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char *text = strdup(rows[i].text);
        assert_non_null(text);
        text_hide(text, rows[i].secret, strlen(rows[i].secret));
        assert_string_equal(text, rows[i].out);
        free(text);
    }
}

/* Arabic letter mark: a direction control of two bytes. */
static void test_printable_letter_mark(void **state)
{
    char out[16];
    (void)state;
    text_printable(out, sizeof out, "\xd8\x9c.", 3);
    assert_string_equal(out, "??.");
}

static void test_printable_nul(void **state)
{
    char out[16];
    (void)state;
    text_printable(out, sizeof out, "a\0b", 3);
    assert_string_equal(out, "a?b");
    text_printable(out, sizeof out, "abcdef", 3);
    assert_string_equal(out, "abc");
}

static void test_printable_is_cut(void **state)
{
    static const struct {
        const char *in;
        size_t size;
        const char *out;
    } rows[] = {
        {"abc", 4, "abc"},
        {"abc", 3, "ab"},
        {"abc", 1, ""},
        {"a\xc3\xa9z", 3, "a"},
        {"a\xc3\xa9z", 4, "a\xc3\xa9"},
        {"\xf0\x9f\x94\x91", 4, ""},
        {"\xf0\x9f\x94\x91", 5, "\xf0\x9f\x94\x91"},
        {"\x01\x02\x03", 3, "??"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        /* On the heap, where a byte too many is seen. */
        char *out = malloc(rows[i].size);
        assert_non_null(out);
        text_printable(out, rows[i].size, rows[i].in, strlen(rows[i].in));
        assert_string_equal(out, rows[i].out);
        free(out);
    }
}

static void test_copy(void **state)
{
    char out[5] = "xxxx";
    (void)state;
    assert_true(text_copy(out, sizeof out, "four"));
    assert_string_equal(out, "four");
    assert_false(text_copy(out, sizeof out, "five5"));
    assert_string_equal(out, "");
    assert_true(text_copy(out, sizeof out, ""));
    assert_string_equal(out, "");
}

static void test_to_u64(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
        bool ok;
        uint64_t value;
    } rows[] = {
        {"0", 10, true, 0},
        {"10", 10, true, 10},
        {"007", 10, true, 7},
        {"11", 10, false, 0},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"99999999999999999999999", UINT64_MAX, false, 0},
        {"", 10, false, 0},
        {" 1", 10, false, 0},
        {"1 ", 10, false, 0},
        {"+1", 10, false, 0},
        {"-1", UINT64_MAX, false, 0},
        {"1x", 10, false, 0},
        {"0x1", 10, false, 0},
        {"1.0", 10, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        uint64_t value = 4711;
        assert_int_equal(text_to_u64(rows[i].text, rows[i].max, &value), rows[i].ok);
        assert_int_equal(value, rows[i].ok ? rows[i].value : 4711);
    }
}

static void test_to_time(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-01-02T03:04:05Z", 1767323045},
        {"2024-02-29T23:59:59Z", 1709251199},
        {"2026-01-02T03:04:05.123Z", 1767323045},
        {"2026-01-02T03:04:05.123456789Z", 1767323045},
        {"2026-01-02T05:04:05+02:00", 1767323045},
        {"2026-01-01T21:34:05-05:30", 1767323045},
        {"2026-01-02T05:04:05.5+02:00", 1767323045},
        {"1969-12-31T23:59:59Z", -1},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        int64_t seconds = 4711;
        assert_true(text_to_time(rows[i].text, &seconds));
        assert_int_equal(seconds, rows[i].seconds);
    }
}

static void test_no_time(void **state)
{
    static const char *const rows[] = {
        "",
        "never",
        "2026",
        "2026-01-02",
        "2026-01-02T03:04",
        "2026-01-02 03:04:05Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "2026-01-02T25:00:00Z",
        "2026-01-02T03:60:05Z",
        "2026-01-02T03:04:05Zulu",
        "2026-01-02T03:04:05 Z",
        "2026-01-02T03:04:05+02",
        "2026-01-02T03:04:05+02:0x",
        "2026-01-02T03:04:05+02:00Z",
        "2026-01-02T03:04:05*02:00",
        "1767323045",
        "-2026-01-02T03:04:05Z",
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        int64_t seconds = 4711;
        if (text_to_time(rows[i], &seconds))
            fail_msg("'%s' was taken for %lld", rows[i], (long long)seconds);
        assert_int_equal(seconds, 4711);
    }
}

static void test_impossible_time(void **state)
{
    static const char *const rows[] = {
        "2026-02-30T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2026-01-02T03:04:05+99:99",
        "2026-01-02T03:04:05+-1:00",
        "2026-01-02T03:04:05+ 1: 0",
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        int64_t seconds = 4711;
        if (text_to_time(rows[i], &seconds))
            fail_msg("'%s' was taken for %lld", rows[i], (long long)seconds);
    }
}

static void test_from_time(void **state)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z"},
        {1767323045, "2026-01-02T03:04:05Z"},
        {253402300799, "9999-12-31T23:59:59Z"},
        {253402300800, "1970-01-01T00:00:00Z"},
        {INT64_MAX, "1970-01-01T00:00:00Z"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char out[24];
        text_from_time(out, rows[i].seconds);
        assert_string_equal(out, rows[i].text);
    }
}

static void test_is_within(void **state)
{
    static const struct {
        const char *path, *directory;
        bool expected;
    } rows[] = {
        {"/mnt", "/mnt", true},
        {"/mnt/a/b", "/mnt", true},
        {"/mnt/a", "/mnt/a/b", false},
        {"/mnt2", "/mnt", false},
        {"/proc/self", "/", true},
        {"/", "/", true},
        {"/", "/mnt", false},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++)
        assert_int_equal(text_is_within(rows[i].path, rows[i].directory), rows[i].expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_printable),
        cmocka_unit_test(test_printable_letter_mark),
        cmocka_unit_test(test_unseen),
        cmocka_unit_test(test_hide),
        cmocka_unit_test(test_printable_nul),
        cmocka_unit_test(test_printable_is_cut),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_is_within),
        cmocka_unit_test(test_to_u64),
        cmocka_unit_test(test_to_time),
        cmocka_unit_test(test_no_time),
        cmocka_unit_test(test_impossible_time),
        cmocka_unit_test(test_from_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
