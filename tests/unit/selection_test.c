/*
 * selection.h: what a person writes into a `repositories` file, and what it reads as.
 */
#include "sync/selection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"

/* Entries as "acme/web +acme/api -7"; "" for none. */
static void describe(const struct entries *entries, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < entries->count; i++) {
        const struct entry *entry = &entries->entry[i];
        char sign[2] = {entry->sign, '\0'};
        assert_true(entry->id == -1);
        used += (size_t)snprintf(
            out + used, size - used, "%s%s%s", i ? " " : "", sign, entry->name);
        assert_true(used < size);
    }
}

static void test_parsing(void **state)
{
    static const struct {
        const char *text;
        const char *entries;
        bool is_signed, is_blank;
    } rows[] = {
        {"", "", false, true},
        {"\n", "", false, true},
        {" \t\r\n\n \n", "", false, true},
        {"#", "", false, false},
        {"# none\n", "", false, false},
        {"  # none", "", false, false},
        {"#acme/web\n", "", false, false},
        {"acme/web", "acme/web", false, false},
        {"acme/web\n", "acme/web", false, false},
        {"acme/web\r\n", "acme/web", false, false},
        {"  acme/web \t\n", "acme/web", false, false},
        {"web\n", "acme/web", false, false},
        {"Web\n", "acme/Web", false, false},
        {"a.b_c-d\n", "acme/a.b_c-d", false, false},
        {".github\n", "acme/.github", false, false},
        {"octavia/notes\n", "octavia/notes", false, false},
        {"1296269\n", "1296269", false, false},
        {"7z\n", "acme/7z", false, false},
        {"acme/7\n", "acme/7", false, false},
        {"acme/web\nacme/api\n", "acme/web acme/api", false, false},
        {"acme/web\n\n# c\n\nacme/api", "acme/web acme/api", false, false},
        {"web\nacme/web\n", "acme/web acme/web", false, false},
        {"+acme/web\n", "+acme/web", true, false},
        {"+web", "+acme/web", true, false},
        {"+ web", "+acme/web", true, false},
        {" +\tweb ", "+acme/web", true, false},
        {"-7\n", "-7", true, false},
        {"+web\n-api\n", "+acme/web -acme/api", true, false},
        {"# c\n+web\n\n-api\n", "+acme/web -acme/api", true, false},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct entries entries;
        struct list_problem problem = {0};
        char text[128];
        assert_int_equal(
            entries_parse(rows[i].text, strlen(rows[i].text), 1, "acme", &entries, &problem),
            0);
        describe(&entries, text, sizeof text);
        assert_string_equal(text, rows[i].entries);
        assert_int_equal(entries.is_signed, rows[i].is_signed);
        assert_int_equal(entries.is_blank, rows[i].is_blank);
        entries_release(&entries);
        assert_int_equal(entries.count, 0);
    }
}

static void test_what_is_no_list(void **state)
{
    static const char *const texts[] = {
        "acme/web acme/api",
        "web api\n",
        "web\tapi\n",
        "web\rapi\r",
        "acme/web\racme/api\r",
        "+web +api\n",
        "web # comment\n",
        "+\n",
        "- \n",
        "/web\n",
        "acme/\n",
        "/\n",
        "acme/web/\n",
        "acme/web/api\n",
        "https://github.com/acme/web\n",
        "+web\napi\n",
        "web\n+api\n",
        "web\n# c\n\n-api\n",
        "good\nalso-good\nnot good\n",
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(texts); i++) {
        struct entries entries = {0};
        struct list_problem problem = {0};
        int err = entries_parse(texts[i], strlen(texts[i]), 1, "acme", &entries, &problem);
        if (err != -EINVAL)
            fail_msg("%s: %d", texts[i], err);
        assert_non_null(problem.text);
        assert_true(*problem.text);
    }
}

/* A write's bytes end where its length says, and nothing is read behind them. */
static void test_text_without_an_end(void **state)
{
    struct entries entries;
    struct list_problem problem = {0};
    char *text = malloc(8);
    (void)state;
    assert_non_null(text);
    memcpy(text, "acme/web", 8);
    assert_int_equal(entries_parse(text, 8, 1, "acme", &entries, &problem), 0);
    assert_string_equal(entries.entry[0].name, "acme/web");
    entries_release(&entries);
    assert_int_equal(entries_parse(text, 6, 1, "acme", &entries, &problem), 0);
    assert_string_equal(entries.entry[0].name, "acme/w");
    entries_release(&entries);
    assert_int_equal(entries_parse(text, 0, 1, "acme", &entries, &problem), 0);
    assert_true(entries.is_blank);
    entries_release(&entries);
    free(text);
}

/* What stands behind a NUL must not be dropped in silence: the list would be another. */
static void test_a_nul_is_no_list(void **state)
{
    static const char text[] = "acme/web\n\0acme/api\n";
    struct entries entries = {0};
    struct list_problem problem = {0};
    (void)state;
    assert_int_equal(
        entries_parse(text, sizeof text - 1, 1, "acme", &entries, &problem), -EINVAL);
}

static void test_many_lines(void **state)
{
    enum { COUNT = ENTRIES_MAX };
    struct buffer text;
    struct entries entries;
    struct list_problem problem = {0};
    (void)state;
    buffer_init(&text, 1 << 20);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(buffer_printf(&text, "acme/repo-%d\n", i), 0);
    assert_int_equal(entries_parse(text.data, text.len, 1, "acme", &entries, &problem), 0);
    assert_int_equal(entries.count, COUNT);
    assert_string_equal(entries.entry[COUNT - 1].name, "acme/repo-19999");
    assert_int_equal(entries.entry[COUNT - 1].line, COUNT);
    entries_release(&entries);
    assert_int_equal(buffer_add_string(&text, "acme/one-more"), 0);
    assert_int_equal(entries_parse(text.data, text.len, 1, "acme", &entries, &problem), -EFBIG);
    assert_int_equal(problem.line, COUNT + 1);
    buffer_release(&text);
}

/* The first line of a file may have one. */
static void test_byte_order_mark(void **state)
{
    static const char text[] = "\xef\xbb\xbf+acme/web\n";
    struct entries entries;
    struct list_problem problem = {0};
    (void)state;
    assert_int_equal(entries_parse(text, sizeof text - 1, 1, "acme", &entries, &problem), 0);
    assert_int_equal(entries.count, 1);
    assert_true(entries.is_signed);
    assert_string_equal(entries.entry[0].name, "acme/web");
    entries_release(&entries);
}

static void test_problems_have_a_line(void **state)
{
    static const struct {
        const char *text;
        unsigned first, line;
    } rows[] = {{"a b", 1, 1}, {"\n# c\r\n\r\n a b\n", 1, 4}, {"web\n+api\n", 1, 2},
        {"web\na b", 7, 8}};
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct entries entries;
        struct list_problem problem = {0};
        assert_int_equal(entries_parse(rows[i].text, strlen(rows[i].text), rows[i].first,
                             "acme", &entries, &problem),
            -EINVAL);
        assert_int_equal(problem.line, rows[i].line);
    }
}

static void assert_reads(const struct selection *selection, const char *text)
{
    struct buffer out;
    buffer_init(&out, 1 << 16);
    assert_int_equal(buffer_add_string(&out, ""), 0);
    assert_int_equal(selection_write(selection, &out), 0);
    assert_int_equal(out.len, strlen(text));
    assert_memory_equal(out.len ? out.data : "", text, out.len);
    buffer_release(&out);
}

/* "1 acme/web, 2 acme/api" */
static struct selection selected(const char *text)
{
    struct selection selection = {0};
    char name[64];
    int id, used;
    for (; sscanf(text, "%d %63[^,]%n", &id, name, &used) == 2;
         text += used + (text[used] == ','))
        assert_int_equal(selection_add(&selection, name, id), 0);
    return selection;
}

static void test_selection_is_changed_by_number(void **state)
{
    static const struct {
        const char *base, *plus, *minus, *reads;
    } rows[] = {
        {"", "", "", ""},
        {"3 acme/web,1 acme/Api,2 acme/docs", "", "", "acme/Api\nacme/docs\nacme/web\n"},
        {"1 acme/web", "1 acme/web", "", "acme/web\n"},
        {"1 acme/web", "1 acme/renamed", "", "acme/renamed\n"},
        {"9 acme/web", "1 acme/web", "", "acme/web\nacme/web\n"},
        {"1 acme/a,2 acme/b,3 acme/c", "", "2 acme/old", "acme/a\nacme/c\n"},
        {"1 acme/a,2 acme/b", "3 acme/c", "1 acme/a,4 acme/d", "acme/b\nacme/c\n"},
        {"", "2 acme/b,1 acme/a", "3 acme/c", "acme/a\nacme/b\n"},
        {"1 acme/a,2 acme/b", "", "2 acme/b,1 acme/a", ""},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct selection base = selected(rows[i].base), plus = selected(rows[i].plus),
                         minus = selected(rows[i].minus), changed;
        assert_int_equal(selection_change(&base, &plus, &minus, &changed), 0);
        int64_t *ids = selection_ids(&changed);
        for (size_t k = 0; k < changed.count; k++)
            assert_int_equal(ids[k], changed.repository[k].id);
        free(ids);
        selection_sort(&changed);
        assert_reads(&changed, rows[i].reads);
        selection_release(&base);
        selection_release(&plus);
        selection_release(&minus);
        selection_release(&changed);
        selection_release(&changed);
    }
}

static void test_selection_is_sorted(void **state)
{
    static const struct selection none = {0};
    struct selection added = {0}, selection;
    char name[32], before[32];
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "acme/repo-%03u", i * 7 % 1000);
        assert_int_equal(selection_add(&added, name, i), 0);
    }
    assert_int_equal(selection_change(&none, &added, &none, &selection), 0);
    assert_int_equal(selection.count, 1000);
    for (unsigned i = 0; i < 1000; i++) { /* as they were added, until they are sorted */
        snprintf(before, sizeof before, "acme/repo-%03u", i * 7 % 1000);
        assert_string_equal(selection.repository[i].name, before);
    }
    selection_sort(&selection);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "acme/repo-%03u", i);
        assert_string_equal(selection.repository[i].name, name);
    }
    selection_release(&added);
    selection_release(&selection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parsing),
        cmocka_unit_test(test_what_is_no_list),
        cmocka_unit_test(test_text_without_an_end),
        cmocka_unit_test(test_a_nul_is_no_list),
        cmocka_unit_test(test_many_lines),
        cmocka_unit_test(test_byte_order_mark),
        cmocka_unit_test(test_problems_have_a_line),
        cmocka_unit_test(test_selection_is_changed_by_number),
        cmocka_unit_test(test_selection_is_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
