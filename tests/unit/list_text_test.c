/*
 * sync/list_text.h: what acts of the text of a control file, wherever its writes are cut.
 */
#include "sync/list_text.h"

#include <errno.h>
#include <string.h>

#include "cmocka_all.h"

/* Takes what is to act, and adds it to `out`: "" for nothing, "=" before what replaces. 0, or
 * the errno. */
static int take(struct list_text *list, bool all, struct buffer *out)
{
    struct list_piece piece;
    struct list_problem problem = {0};
    int err = list_text_take(list, all, &piece, &problem);
    if (err) {
        assert_non_null(problem.text);
        assert_true(problem.line >= 1);
    } else if (piece.use != LIST_NOTHING) {
        if (piece.use == LIST_REPLACES)
            assert_int_equal(buffer_add_string(out, "="), 0);
        assert_int_equal(buffer_add(out, piece.text, piece.len), 0);
    }
    return err;
}

static int write_at(struct list_text *list, const char *text, size_t len, uint64_t at)
{
    struct list_problem problem = {0};
    return list_text_write(list, text, len, &at, &problem);
}

/* What acts in the end of a text that is written in pieces of `piece` bytes. */
static int written(const char *text, size_t piece, bool additions, struct buffer *out)
{
    struct list_text list;
    size_t len = strlen(text);
    int err = 0;

    list_text_init(&list);
    list.additions = additions;
    for (size_t at = 0; !err && at < len; at += piece) {
        err = write_at(&list, text + at, len - at < piece ? len - at : piece, at);
        if (!err)
            err = take(&list, false, out);
    }
    if (!err)
        err = take(&list, true, out);
    assert_true(err || !list.dirty);
    list_text_release(&list);
    return err;
}

static void test_cuts_mean_nothing(void **state)
{
    static const struct {
        const char *text;
        const char *acts; /* NULL: it is refused */
        bool additions;
    } rows[] = {
        {"acme/mobile-app\nacme/a#b\n", "=acme/mobile-app\nacme/a#b\n", false},
        {"  acme/-app\n\t# c\n\nacme/+x", "=  acme/-app\n\t# c\n\nacme/+x", false},
        {"\xef\xbb\xbf-acme/web\n", "\xef\xbb\xbf-acme/web\n", false},
        {"\xef\xbb\xbfweb\n", "=\xef\xbb\xbfweb\n", false},
        {"\xef", "=\xef", false},
        {"+acme/mobile-app\n-acme/web", "+acme/mobile-app\n-acme/web", false},
        {"# c\n\n +web\r\n# d\n -api\n", "# c\n\n +web\r\n# d\n -api\n", false},
        {"acme/web\n-acme/api\n", NULL, false},
        {"-acme/web\nacme/api\n", NULL, false},
        {"-acme/web\n# c\n\nacme/api", NULL, false},
        {"acme/web\n+docs\n#c\n", "acme/web\n+docs\n#c\n", true},
        {"acme/mobile-app", "acme/mobile-app", true},
    };
    struct buffer out;
    (void)state;
    buffer_init(&out, 1000);
    for (size_t i = 0; i < LENGTH(rows); i++) {
        for (size_t piece = 1; piece <= strlen(rows[i].text); piece++) {
            buffer_clear(&out);
            int err = written(rows[i].text, piece, rows[i].additions, &out);
            if (rows[i].acts) {
                assert_int_equal(err, 0);
                assert_string_equal(out.data, rows[i].acts);
            } else {
                assert_int_equal(err, -EINVAL);
            }
        }
    }
    buffer_release(&out);
}

/* A change acts inside the write that ends its line. */
static void test_when_lines_act(void **state)
{
    static const struct {
        const char *text, *acts;
    } writes[] = {{"+we", ""}, {"b\n-a", "+web\n"}, {"pi\n\n", "-api\n\n"}, {"# -x", ""}};
    struct list_text list;
    struct buffer out;
    (void)state;

    buffer_init(&out, 1000);
    list_text_init(&list);
    for (size_t i = 0; i < LENGTH(writes); i++) {
        struct list_problem problem = {0};
        buffer_clear(&out);
        assert_int_equal(
            list_text_write(&list, writes[i].text, strlen(writes[i].text), NULL, &problem), 0);
        assert_int_equal(take(&list, false, &out), 0);
        assert_string_equal(out.data ? out.data : "", writes[i].acts);
    }
    list_text_release(&list);
    buffer_release(&out);
}

static void fill(struct list_text *list, const char *text)
{
    assert_int_equal(buffer_add_string(&list->text, text), 0);
    list_text_settle(list);
}

static void test_writing_over(void **state)
{
    struct list_text list;
    struct buffer out;
    (void)state;

    buffer_init(&out, 1000);
    list_text_init(&list);
    fill(&list, "acme/api\nacme/web\n");
    assert_int_equal(take(&list, true, &out), 0);
    assert_int_equal(out.len, 0); /* nothing is written */
    assert_int_equal(write_at(&list, "doc", 3, 5), 0);
    assert_int_equal(take(&list, false, &out), 0);
    assert_int_equal(write_at(&list, "-docs\n", 6, 12), 0); /* a cut, and no sign */
    assert_int_equal(take(&list, false, &out), 0);
    assert_int_equal(take(&list, true, &out), 0);
    assert_string_equal(out.data, "=acme/doc\nacm-docs\n");
    assert_int_equal(list_text_truncate(&list, 9), 0);
    buffer_clear(&out);
    assert_int_equal(take(&list, true, &out), 0);
    assert_string_equal(out.data, "=acme/doc\n");
    /* As when a new text, written over the old one, happens to end before a '-'. */
    fill(&list, "abc\n-x\n");
    assert_int_equal(list_text_truncate(&list, 0), 0);
    fill(&list, "acme/mobile-app\n");
    assert_int_equal(write_at(&list, "acme/docs1\n", 11, 0), 0);
    buffer_clear(&out);
    assert_int_equal(take(&list, false, &out), 0);
    assert_int_equal(write_at(&list, "acme/x\n", 7, 11), 0);
    assert_int_equal(take(&list, false, &out), 0);
    assert_int_equal(take(&list, true, &out), 0);
    assert_string_equal(out.data, "=acme/docs1\nacme/x\n");
    list_text_release(&list);
    buffer_release(&out);
}

static void test_what_has_acted_stays(void **state)
{
    struct list_text list;
    struct buffer out;
    (void)state;

    buffer_init(&out, 1000);
    list_text_init(&list);
    assert_int_equal(write_at(&list, "+web\n", 5, 0), 0);
    assert_int_equal(take(&list, false, &out), 0);
    assert_int_equal(write_at(&list, "x", 1, 2), -EINVAL);
    assert_int_equal(list_text_truncate(&list, 3), -EINVAL);
    assert_int_equal(write_at(&list, "-api\n", 5, 0), 0); /* begun anew */
    assert_int_equal(take(&list, false, &out), 0);
    assert_string_equal(out.data, "+web\n-api\n");
    /* A line that was applied before it was whole. */
    assert_int_equal(write_at(&list, "+do", 3, 5), 0);
    assert_int_equal(take(&list, true, &out), 0);
    assert_int_equal(write_at(&list, "cs\n", 3, 8), -EINVAL);
    assert_int_equal(write_at(&list, " \n+x\n", 5, 8), 0);
    assert_int_equal(take(&list, false, &out), 0);
    assert_string_equal(out.data, "+web\n-api\n+do \n+x\n");
    /* A list after signs is none, until the file is made empty. */
    assert_int_equal(write_at(&list, "web\n", 4, 0), 0);
    assert_int_equal(take(&list, false, &out), -EINVAL);
    assert_int_equal(list_text_truncate(&list, 0), 0);
    assert_int_equal(write_at(&list, "web\n", 4, 0), 0);
    buffer_clear(&out);
    assert_int_equal(take(&list, true, &out), 0);
    assert_string_equal(out.data, "=web\n");
    list_text_release(&list);
    buffer_release(&out);
}

/* A program that has an error goes on from where it was. */
static void test_a_write_taken_back(void **state)
{
    struct list_text list;
    struct buffer out;
    (void)state;

    buffer_init(&out, 1000);
    list_text_init(&list);
    assert_int_equal(write_at(&list, "+web\n", 5, 0), 0);
    assert_int_equal(take(&list, false, &out), 0);
    assert_int_equal(write_at(&list, "+nowhere\n", 9, 5), 0);
    assert_int_equal(take(&list, false, &out), 0);
    list_text_take_back(&list);
    buffer_clear(&out);
    assert_int_equal(write_at(&list, "-api\n-x", 7, 5), 0);
    assert_int_equal(take(&list, false, &out), 0);
    assert_string_equal(out.data, "-api\n");
    assert_int_equal(list.acted_lines, 2);
    list_text_release(&list);
    buffer_release(&out);
}

/* Programs that write to a control file as to those of the kernel do not truncate it. */
static void test_signs_over_a_list(void **state)
{
    static const char *const texts[] = {"+docs\n", " -docs\n", "\xef\xbb\xbf+docs\n"};
    (void)state;
    for (size_t i = 0; i < LENGTH(texts); i++) {
        struct list_text list;
        struct buffer out;
        buffer_init(&out, 1000);
        list_text_init(&list);
        fill(&list, "acme/api\nacme/web\n");
        assert_int_equal(write_at(&list, texts[i], strlen(texts[i]), 0), 0);
        assert_int_equal(take(&list, false, &out), 0);
        assert_string_equal(out.data, texts[i]);
        assert_int_equal(list_text_truncate(&list, strlen(texts[i])), 0);
        assert_false(list.dirty);
        list_text_release(&list);
        buffer_release(&out);
    }
}

static void test_limits(void **state)
{
    struct list_text list;
    (void)state;

    list_text_init(&list);
    assert_int_equal(write_at(&list, "web\n", 4, LIST_TEXT_MAX), -EFBIG);
    assert_int_equal(write_at(&list, "web\n", 4, UINT64_MAX - 1), -EFBIG);
    assert_int_equal(list_text_truncate(&list, LIST_TEXT_MAX + 1), -EFBIG);
    assert_int_equal(write_at(&list, "web\n", 4, LIST_TEXT_MAX - 4), 0);
    assert_int_equal(list.text.len, LIST_TEXT_MAX);
    assert_int_equal(list.text.data[0], '\0'); /* a hole */
    assert_int_equal(write_at(&list, "+", 1, LIST_TEXT_MAX), -EFBIG);
    assert_int_equal(write_at(&list, "acme", 4, 0), 0);
    list_text_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts_mean_nothing),
        cmocka_unit_test(test_when_lines_act),
        cmocka_unit_test(test_writing_over),
        cmocka_unit_test(test_what_has_acted_stays),
        cmocka_unit_test(test_a_write_taken_back),
        cmocka_unit_test(test_signs_over_a_list),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
