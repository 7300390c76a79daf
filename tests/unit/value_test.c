/*
 * value.h: what is kept of the bytes written, and what is sent of them.
 */
#include "nodes/value.h"

#include <errno.h>
#include <string.h>

#include "cmocka_all.h"

#define LIMIT (48u * 1024)

static unsigned char bytes[LIMIT + 16];

static struct value new_value(void)
{
    struct value value;
    assert_int_equal(value_init(&value, VALUE_MAX_SECRET), 0);
    assert_false(value.dirty);
    assert_int_equal(value.spoilt, 0);
    return value;
}

static void write_text(struct value *value, const char *text, uint64_t offset)
{
    assert_int_equal(value_write(value, text, strlen(text), offset), 0);
}

static void assert_sends_as(
    struct value *value, enum newline newline, const void *wanted, size_t wanted_len)
{
    const unsigned char *data;
    size_t len;
    assert_int_equal(value_payload(value, newline, &data, &len), 0);
    assert_int_equal(len, wanted_len);
    if (len)
        assert_memory_equal(data, wanted, len);
}

static void assert_sends(struct value *value, const void *wanted, size_t wanted_len)
{
    assert_sends_as(value, NEWLINE_AUTO, wanted, wanted_len);
}

static void assert_spoilt(struct value *value, int err)
{
    const unsigned char *data;
    size_t len;
    assert_int_equal(value->spoilt, err);
    assert_int_equal(value_write(value, "x", 1, 0), err);
    assert_int_equal(value_payload(value, NEWLINE_AUTO, &data, &len), err);
}

static void test_newlines(void **state)
{
    static const struct {
        const char *written;
        const char *sent; /* with NEWLINE_AUTO */
    } rows[] = {
        {"v", "v"},
        {"v\n", "v"},
        {"v\r\n", "v"},
        {"v\r", "v\r"},
        {"v\n\r", "v\n\r"},
        {"v\r\r\n", "v\r"},
        {"v \n", "v "},
        {" \n", " "},
        {"a\rb\n", "a\rb"},
        {"v\n\n", "v\n\n"},
        {"a\nb", "a\nb"},
        {"a\nb\n", "a\nb\n"},
        {"a\r\nb\r\n", "a\r\nb\r\n"},
        {"\nv", "\nv"},
        {"\nv\n", "\nv\n"},
        {"\n\n", "\n\n"},
        {"\n", ""},
        {"\r\n", ""},
        {"\r", "\r"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct value value = new_value();
        write_text(&value, rows[i].written, 0);
        assert_sends_as(&value, NEWLINE_AUTO, rows[i].sent, strlen(rows[i].sent));
        assert_sends_as(&value, NEWLINE_KEEP, rows[i].written, strlen(rows[i].written));
        value_release(&value);
    }
}

static void test_a_nul_is_a_byte(void **state)
{
    struct value value = new_value();
    (void)state;
    assert_int_equal(value_write(&value, "a\0b\n", 4, 0), 0);
    assert_sends(&value, "a\0b", 3);
    value_release(&value);
}

/* The rule is for the value, not for its writes. */
static void test_newlines_in_pieces(void **state)
{
    struct value value = new_value();
    (void)state;
    write_text(&value, "a\n", 0);
    assert_sends(&value, "a", 1);
    write_text(&value, "b\n", 2);
    assert_sends(&value, "a\nb\n", 4);
    value_release(&value);
}

static void test_offsets(void **state)
{
    struct value value = new_value();
    (void)state;
    write_text(&value, "abcdef", 0);
    write_text(&value, "XY", 2);
    write_text(&value, "gh", 6);
    write_text(&value, "!i", 7);
    assert_sends(&value, "abXYefg!i", 9);
    assert_true(value.dirty);
    value_release(&value);
}

static void assert_hole(const struct value *value)
{
    const unsigned char *data;
    size_t len;
    assert_true(value_has_hole(value));
    assert_int_equal(value_payload(value, NEWLINE_AUTO, &data, &len), -EINVAL);
}

/* A hole is no value, and later writes may fill it. */
static void test_holes(void **state)
{
    static const uint64_t offsets[] = {4, 5, 4095, 4096, LIMIT - 1};
    (void)state;
    for (size_t i = 0; i < LENGTH(offsets); i++) {
        struct value value = new_value();
        size_t hole = (size_t)offsets[i] - 3;
        memset(bytes, 'y', sizeof bytes);
        write_text(&value, "abc", 0);
        write_text(&value, "x", offsets[i]);
        assert_hole(&value);
        assert_int_equal(value_write(&value, bytes, hole - 1, 4), 0);
        assert_hole(&value); /* one byte is missing */
        write_text(&value, "z", 3);
        assert_false(value_has_hole(&value));
        memcpy(bytes, "abcz", 4);
        bytes[offsets[i]] = 'x';
        assert_sends(&value, bytes, (size_t)offsets[i] + 1);
        value_release(&value);
    }
}

static void test_far_holes(void **state)
{
    static const uint64_t offsets[] = {LIMIT + 2, 1ull << 32, INT64_MAX, UINT64_MAX};
    (void)state;
    for (size_t i = 0; i < LENGTH(offsets); i++) {
        struct value value = new_value();
        write_text(&value, "abc", 0);
        assert_int_equal(value_write(&value, "x", 1, offsets[i]), -EFBIG);
        assert_spoilt(&value, -EFBIG);
        assert_int_equal(value_truncate(&value, 3), -EFBIG);
        assert_int_equal(value_truncate(&value, 0), 0);
        write_text(&value, "new", 0);
        assert_sends(&value, "new", 3);
        value_release(&value);
    }
}

/* Who sets the length knows of the holes, if nothing of an old value can be meant. */
static void test_holes_and_length(void **state)
{
    struct value value = new_value();
    (void)state;
    value.starts_empty = true;
    value_limit(&value, NEWLINE_AUTO);
    write_text(&value, "abc", 0);
    write_text(&value, "x", 5);
    assert_hole(&value);
    assert_int_equal(value_truncate(&value, 6), 0);
    assert_sends(&value, "abc\0\0x", 6);
    assert_int_equal(value_truncate(&value, 8), 0);
    assert_sends(&value, "abc\0\0x\0\0", 8);
    write_text(&value, "y", 9); /* a new one */
    assert_hole(&value);
    assert_int_equal(value_truncate(&value, 3), -EINVAL); /* what was written stays */
    assert_int_equal(value_truncate(&value, LIMIT + 1), -EFBIG);
    assert_hole(&value);
    value_release(&value);

    value = new_value(); /* of an old value */
    write_text(&value, "abc", 0);
    write_text(&value, "x", 5);
    assert_int_equal(value_truncate(&value, 6), 0); /* it is that long, and has the hole */
    assert_int_equal(value_truncate(&value, 7), -EINVAL);
    assert_hole(&value);
    value_release(&value);
}

/* posix_fallocate(3) where there is no fallocate(2). */
static int probe(struct value *value, size_t len)
{
    int err = 0;
    for (size_t at = (len - 1) % 4096; !err && at < len; at += 4096)
        err = value_write(value, "", 1, at);
    return err;
}

static void test_probes(void **state)
{
    static const size_t lengths[] = {100, 4096, 10000, LIMIT};
    (void)state;
    for (size_t i = 0; i < LENGTH(lengths); i++) {
        struct value value = new_value();
        memset(bytes, 'x', sizeof bytes);
        assert_int_equal(probe(&value, lengths[i]), 0);
        assert_hole(&value);
        assert_int_equal(value_write(&value, bytes, lengths[i], 0), 0);
        assert_sends(&value, bytes, lengths[i]);
        value_clear(&value);

        assert_int_equal(probe(&value, lengths[i]), 0);
        write_text(&value, "short", 0);
        assert_hole(&value);
        assert_int_equal(value_truncate(&value, 5), 0);
        assert_sends(&value, "short", 5);
        value_release(&value);
    }
}

static void test_refused_probes(void **state)
{
    static const size_t lengths[] = {LIMIT + 2, LIMIT + 3, 65536, 100000, 1000001};
    (void)state;
    for (size_t i = 0; i < LENGTH(lengths); i++) {
        struct value value = new_value();
        value_limit(&value, NEWLINE_AUTO);
        assert_int_equal(probe(&value, lengths[i]), -EFBIG);
        assert_int_equal(value.spoilt, 0);
        write_text(&value, "value", 0);
        assert_sends(&value, "value", 5);
        write_text(&value, "x", 4096 + 7); /* what was probed counts for nothing */
        assert_hole(&value);
        value_release(&value);
    }
}

/* Too long by a write after which nothing that follows can help, and not before. */
static void test_the_write_that_is_too_long(void **state)
{
    static const struct {
        enum newline newline;
        const char *tail[4]; /* behind LIMIT - 1 bytes: the writes, of which the last fails */
    } rows[] = {
        {NEWLINE_AUTO, {"x", "x"}},
        {NEWLINE_AUTO, {"xx"}},
        {NEWLINE_AUTO, {"xx\n"}},
        {NEWLINE_AUTO, {"x", "\n", "x"}},
        {NEWLINE_AUTO, {"x", "\r", "x"}},
        {NEWLINE_AUTO, {"x", "\r\n", "\n"}},
        {NEWLINE_AUTO, {"x", "\n", "\n"}},
        {NEWLINE_AUTO, {"\n", "\n"}},
        {NEWLINE_AUTO, {"\n", "\r"}},
        {NEWLINE_KEEP, {"x", "\n"}},
        {NEWLINE_KEEP, {"x", "\r"}},
        {NEWLINE_KEEP, {"x\r\n"}},
    };
    (void)state;
    memset(bytes, 'x', sizeof bytes);
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct value value = new_value();
        value_limit(&value, rows[i].newline);
        assert_int_equal(value_write(&value, bytes, LIMIT - 1, 0), 0);
        for (const char *const *tail = rows[i].tail; *tail; tail++)
            assert_int_equal(value_write(&value, *tail, strlen(*tail), value.bytes.len),
                tail[1] ? 0 : -EFBIG);
        assert_spoilt(&value, -EFBIG);
        value_release(&value);
    }
}

static void test_a_line_end_in_pieces_passes_the_limit(void **state)
{
    struct value value = new_value();
    (void)state;
    value_limit(&value, NEWLINE_AUTO);
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(value_write(&value, bytes, LIMIT, 0), 0);
    write_text(&value, "\r", LIMIT);
    write_text(&value, "\n", LIMIT + 1);
    assert_sends(&value, bytes, LIMIT);
    write_text(&value, "y", 5);
    assert_int_equal(value_write(&value, "\n", 1, 5), -EFBIG); /* now it has two lines */
    assert_spoilt(&value, -EFBIG);
    value_release(&value);
}

static void test_dropped(void **state)
{
    struct value value = new_value();
    (void)state;
    write_text(&value, "half", 0);
    value_drop(&value);
    assert_spoilt(&value, -ECANCELED);
    assert_int_equal(value_truncate(&value, 0), 0);
    write_text(&value, "new", 0);
    assert_sends(&value, "new", 3);
    value_release(&value);
}

/* As a regular file: a hole reads as zeroes, any length can be set. */
static void test_sparse(void **state)
{
    struct value value;
    (void)state;
    assert_int_equal(value_init(&value, VALUE_MAX_STAGING), 0);
    value.sparse = true;
    write_text(&value, "end", 5000);
    write_text(&value, "start", 0);
    assert_int_equal(value.bytes.len, 5003);
    assert_int_equal(value_truncate(&value, 7), 0);
    assert_sends(&value, "start\0\0", 7);
    assert_int_equal(value_truncate(&value, 9), 0);
    assert_sends(&value, "start\0\0\0\0", 9);
    assert_int_equal(value_truncate(&value, VALUE_MAX_STAGING + 1), -EFBIG);
    assert_sends(&value, "start\0\0\0\0", 9);
    assert_int_equal(value_write(&value, "x", 1, VALUE_MAX_STAGING), -EFBIG);
    assert_spoilt(&value, -EFBIG);
    assert_int_equal(value_truncate(&value, 0), 0);
    write_text(&value, "new", 0);
    assert_sends(&value, "new", 3);
    value_release(&value);
}

/* What is sent counts: a line end that goes may come on top. */
static void test_limits(void **state)
{
    static const struct {
        size_t len;
        const char *end;
        enum newline newline;
        bool fits;
    } rows[] = {
        {LIMIT, "", NEWLINE_AUTO, true},
        {LIMIT, "", NEWLINE_KEEP, true},
        {LIMIT, "\n", NEWLINE_AUTO, true},
        {LIMIT, "\r\n", NEWLINE_AUTO, true},
        {LIMIT, "\n", NEWLINE_KEEP, false},
        {LIMIT, "\r\n", NEWLINE_KEEP, false},
        {LIMIT, "\r", NEWLINE_AUTO, false},
        {LIMIT, "x", NEWLINE_AUTO, false},
        {LIMIT, "\n\n", NEWLINE_AUTO, false},
        {LIMIT - 1, "\n", NEWLINE_KEEP, true},
        {LIMIT + 1, "", NEWLINE_AUTO, false},
        {LIMIT + 1, "\r\n", NEWLINE_AUTO, false},
        {LIMIT + 8, "", NEWLINE_KEEP, false},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct value value = new_value();
        const unsigned char *data;
        size_t len;
        memset(bytes, 'x', sizeof bytes);
        memcpy(bytes + rows[i].len, rows[i].end, strlen(rows[i].end));
        int err = value_write(&value, bytes, rows[i].len + strlen(rows[i].end), 0);
        if (!err)
            err = value_payload(&value, rows[i].newline, &data, &len);
        assert_int_equal(err, rows[i].fits ? 0 : -EFBIG);
        if (err) {
            assert_int_equal(value_truncate(&value, 0), 0);
            write_text(&value, "v", 0);
            assert_sends(&value, "v", 1);
        } else {
            assert_int_equal(len,
                rows[i].newline == NEWLINE_AUTO ? LIMIT : rows[i].len + strlen(rows[i].end));
        }
        value_release(&value);
    }
}

static void test_a_write_that_overlaps_the_limit(void **state)
{
    struct value value = new_value();
    (void)state;
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(value_write(&value, bytes, LIMIT, 0), 0);
    assert_int_equal(value_write(&value, "yy", 2, LIMIT - 2), 0);
    assert_int_equal(value_write(&value, "yyyyy", 5, LIMIT - 2), -EFBIG);
    assert_spoilt(&value, -EFBIG);
    value_release(&value);
}

static void test_truncation(void **state)
{
    struct value value = new_value();
    (void)state;
    assert_int_equal(value_truncate(&value, 0), 0);
    assert_int_equal(value_truncate(&value, 1), -EINVAL);
    write_text(&value, "value", 0);
    assert_int_equal(value_truncate(&value, 5), 0);
    assert_int_equal(value_truncate(&value, 4), -EINVAL);
    assert_int_equal(value_truncate(&value, 6), -EINVAL);
    assert_int_equal(value_truncate(&value, UINT64_MAX), -EINVAL);
    assert_sends(&value, "value", 5);
    assert_true(value.dirty);
    assert_int_equal(value_truncate(&value, 0), 0);
    assert_false(value.dirty);
    assert_sends(&value, "", 0);
    value_release(&value);
}

static void test_nothing_written(void **state)
{
    struct value value = new_value();
    (void)state;
    assert_int_equal(value_write(&value, "", 0, 0), 0);
    assert_false(value.dirty);
    assert_sends(&value, "", 0);
    value_release(&value);
}

static void test_release_gives_all_back(void **state)
{
    struct value value = {0};
    (void)state;
    value_release(&value);
    value = new_value();
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(value_write(&value, bytes, LIMIT, 0), 0);
    assert_true(locked_in_use() >= LIMIT);
    value_release(&value);
    assert_int_equal(locked_in_use(), 0);
}

static int set_up(void **state)
{
    (void)state;
    return locked_setup() < LOCKED_TOTAL_MIN ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newlines),
        cmocka_unit_test(test_a_nul_is_a_byte),
        cmocka_unit_test(test_newlines_in_pieces),
        cmocka_unit_test(test_offsets),
        cmocka_unit_test(test_holes),
        cmocka_unit_test(test_far_holes),
        cmocka_unit_test(test_holes_and_length),
        cmocka_unit_test(test_probes),
        cmocka_unit_test(test_refused_probes),
        cmocka_unit_test(test_the_write_that_is_too_long),
        cmocka_unit_test(test_a_line_end_in_pieces_passes_the_limit),
        cmocka_unit_test(test_dropped),
        cmocka_unit_test(test_sparse),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_a_write_that_overlaps_the_limit),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_nothing_written),
        cmocka_unit_test(test_release_gives_all_back),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
