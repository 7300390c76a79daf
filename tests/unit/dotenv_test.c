/*
 * dotenv.h: what a dotenv file says. That others read the same is tested with the mount.
 */
#include "tree/dotenv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "cmocka_all.h"

/* A text in memory of its very length, so that a sanitizer sees a byte too far. */
static char *copy_of(const char *text, size_t len)
{
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    return copy;
}

/* Entries as "A=[1] B=[2]"; "" for none. */
static void describe(const struct dotenv *dotenv, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < dotenv->count; i++) {
        const struct dotenv_entry *entry = &dotenv->entry[i];
        used += (size_t)snprintf(out + used, size - used, "%s%s=[%.*s]", i ? " " : "",
            entry->name, (int)entry->len, (const char *)entry->value);
        assert_true(used < size);
    }
}

static void assert_says(const char *text, const char *expected)
{
    struct dotenv dotenv;
    unsigned line = 0;
    const char *problem = NULL;
    char said[512];
    char *copy = copy_of(text, strlen(text));
    int err = dotenv_parse(copy, strlen(text), &dotenv, &line, &problem);
    if (err)
        fail_msg("%s: %d, line %u: %s", text, err, line, problem ? problem : "");
    describe(&dotenv, said, sizeof said);
    if (strcmp(said, expected) != 0)
        fail_msg("%s: %s, not %s", text, said, expected);
    dotenv_release(&dotenv);
    assert_int_equal(dotenv.count, 0);
    assert_null(dotenv.entry);
    free(copy);
}

struct row {
    const char *text;
    const char *says;
};

static void assert_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_says(rows[i].text, rows[i].says);
}

static void test_statements(void **state)
{
    static const struct row rows[] = {
        {"", ""},
        {"\n \t\r\n\n", ""},
        {"# A=1", ""},
        {"# A=1\n", ""},
        {"A=1", "A=[1]"},
        {"A=1\n", "A=[1]"},
        {"A=1\r\n", "A=[1]"},
        {"A=1\nB=2\n", "A=[1] B=[2]"},
        {"A=1\r\nB=2\r\n", "A=[1] B=[2]"},
        {"\n\n  # c\n\t A=1\n#\n#\n", "A=[1]"},
        {"A: 1\nB:\t'2'\n", "A=[1] B=[2]"},
        {"A=b=c:d", "A=[b=c:d]"},
        {"A: b=c", "A=[b=c]"},
        {"export A=1\nexport\t \tB=2", "A=[1] B=[2]"},
        {"exportA=1\nexport=2", "exportA=[1] export=[2]"},
        {"export A=1 export B=2", "A=[1 export B=2]"},
        {"  A \t= 1", "A=[1]"},
        {"\xef\xbb\xbf"
         "A=1",
            "A=[1]"},
    };
    (void)state;
    assert_rows(rows, LENGTH(rows));
}

static void test_values_without_quotes(void **state)
{
    static const struct row rows[] = {
        {"A=", "A=[]"},
        {"A=\n", "A=[]"},
        {"A= \t\r\n", "A=[]"},
        {"A=\nB=1", "A=[] B=[1]"},
        {"A=  a b\tc \t", "A=[a b\tc]"},
        {"A=a\xc2\xa0z\xe2\x80\x83z", "A=[a\xc2\xa0z\xe2\x80\x83z]"},
        {"A=it's \"so\"", "A=[it's \"so\"]"},
        {"A=a\\nb\\", "A=[a\\nb\\]"},
        {"A=a\\\nB=1", "A=[a\\] B=[1]"},
        {"A=a #b", "A=[a]"},
        {"A=a\t# b", "A=[a]"},
        {"A=a # b # c", "A=[a]"},
        {"A=a # b#c", "A=[a]"},
        {"A: a # b#c", "A=[a]"},
        {"A=a`b`\nB=`c", "A=[a`b`] B=[`c]"},
    };
    (void)state;
    assert_rows(rows, LENGTH(rows));
}

static void test_quoted_values(void **state)
{
    static const struct row rows[] = {
        {"A=''\nB=\"\"", "A=[] B=[]"},
        {"A='a b'", "A=[a b]"},
        {"A = \"a b\" \nB='c'", "A=[a b] B=[c]"},
        {"A=' a '\nB=\"\tb\t\"", "A=[ a ] B=[\tb\t]"},
        {"A=\"a # b\" # c\nB='#'#c", "A=[a # b] B=[#]"},
        {"A='a\nb\n'\nB=1", "A=[a\nb\n] B=[1]"},
        {"A=\"a\r\nb\r\n\"\r\nB=1", "A=[a\nb\n] B=[1]"},
        {"A=\"a'b\"\nB='a\"b'", "A=[a'b] B=[a\"b]"},
        {"A='a\\nb\\\\c'", "A=[a\\nb\\\\c]"},
        {"A='it\\'s'", "A=[it\\'s]"},
        {"A=\"a\\nb\\r\\nc\"", "A=[a\nb\r\nc]"},
        {"A=\"a\\\\b\\\"c\\'d\"", "A=[a\\b\"c'd]"},
        {"A=\"a\\\\nb\"", "A=[a\\nb]"},
        {"A=\"say \\\"hi\\\".\"", "A=[say \"hi\".]"},
        {"A=\"\\\"a\"", "A=[\"a]"},
    };
    (void)state;
    assert_rows(rows, LENGTH(rows));
}

static void test_a_dollar_is_a_character(void **state)
{
    static const struct row rows[] = {
        {"A=$", "A=[$]"},
        {"A=a$b", "A=[a$b]"},
        {"A=$(a)$$", "A=[$(a)$$]"},
        {"A='$A${A}$(A)$$'", "A=[$A${A}$(A)$$]"},
        {"A='$A\\$A'", "A=[$A\\$A]"},
        {"A=\"a$ ${\"", "A=[a$ ${]"},
    };
    (void)state;
    assert_rows(rows, LENGTH(rows));
}

static void test_the_last_of_a_name_counts(void **state)
{
    static const struct row rows[] = {
        {"A=1\nA=2\n", "A=[2]"},
        {"A=1\nB=2\nA=3\n", "B=[2] A=[3]"},
        {"foo=1\nBAR=2\nFOO=3\nbar=\nFoo=4", "bar=[] Foo=[4]"},
        {"A=1\nAB=2\nA=3\nABC=4\nab=5", "A=[3] ABC=[4] ab=[5]"},
    };
    (void)state;
    assert_rows(rows, LENGTH(rows));
}

static void test_what_is_no_dotenv(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
    } rows[] = {
        {"A", 1},
        {"A\n", 1},
        {"A\nB=1", 1},
        {"B=1\nA\n", 2},
        {"B=1\r\n\r\nA \r\n", 3},
        {"=1\n", 1},
        {"export = 1\n", 1},
        {"export export A=1", 1},
        {"export\nA=1", 1},
        {"export \nA=1", 1},
        {"export A=\n", 1},
        {"1A=1", 1},
        {"A.B=1", 1},
        {"A-B=1", 1},
        {"A B=1", 1},
        {"\xc2\xa0"
         "A=1",
            1},
        {"A:1", 1},
        {"A : 1", 1},
        {"A: \nB=1", 1},
        {"A: # b", 1},
        {"A: =b", 1},
        {"A: 'a\nb'", 1},
        {"A: 'a\\\\b'\nB: \"a\\\\b\"", 2},
        {"A='", 1},
        {"\nA=\"a", 2},
        {"A=1\nB=\"a\nb\nc\n", 2},
        {"A='a\nb'\n\nB='a\n", 4},
        {"A=\"a\\\"", 1},
        {"A='a\\'", 1},
        {"A=\"a\"b", 1},
        {"A=\"a\" B='b'", 1},
        {"A='a\nb'c\n", 2},
        {"A=\"\"\"a\"\"\"", 1},
        {"A=a\n-----BEGIN KEY-----\n", 2},
        {"A=1\n\nB=#a", 3},
        {"A=  # a", 1},
        {"A=a#b", 1},
        {"A=a#b # c", 1},
        {"A=`a`", 1},
        {"A=a\xe2\x80\x83", 1},
        {"A=\va", 1},
        {"A=$A", 1},
        {"A=${a}", 1},
        {"A=$(A)", 1},
        {"A=\\$", 1},
        {"A=\"\\$A\"", 1},
        {"A=\"\\\\$\"", 1},
        {"A=\"\\t\"", 1},
        {"A=\"\\\xc3\xa9\"", 1},
        {"A=\"a\\\nb\"", 1},
        {"A=\"\\\\ \\n\"", 1},
        {"A=\"say \\\"hi\\\"\"", 1},
        {"A='a\\''", 1},
        {"A=\"a\\\\\" b\"", 1},
        {"A=\"a\\\\\"\nB=\"b\"", 1},
        {"A=\"a\\\\\"\nB='b'", 1},
        {"A='a\\\\'\nB=\"b\"", 1},
        {"A=\"-\\\\\"", 1},
        {"A='\\\\'", 1},
        {"A: a # b # c", 1},
        {"\xef\xbb\xbf"
         "A: a",
            1},
        {"\xef\xbb\xbf"
         "A=a\nB=\"a\\nb\"",
            2},
        {"A=a\\b # c\t# d", 1},
        {"A=1\nB=a\xff", 2},
        {"A=1\n# \xc0\x80\n", 2},
        {"A=1\rB=2\r", 1},
        {"A=1\nB='\r'", 2},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        size_t len = strlen(rows[i].text);
        struct dotenv dotenv = {0};
        unsigned line = 0;
        const char *problem = NULL;
        char *copy = copy_of(rows[i].text, len);
        int err = dotenv_parse(copy, len, &dotenv, &line, &problem);
        if (err != -EINVAL || line != rows[i].line)
            fail_msg("%s: %d, line %u", rows[i].text, err, line);
        assert_non_null(problem);
        assert_true(*problem);
        assert_null(dotenv.entry);
        free(copy);
    }
}

static void test_lines(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
    } rows[] = {
        {"Z=1", 1},
        {"\n# c\r\n\r\nZ=1", 4},
        {"A='1\n2\r\n3'\nZ='\n'\n", 4},
        {"A='1\n2' # c\nZ=1\n", 3},
        {"z=1\nA=1\nZ=1", 3},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        size_t len = strlen(rows[i].text);
        struct dotenv dotenv;
        unsigned line;
        const char *problem;
        char *copy = copy_of(rows[i].text, len);
        assert_int_equal(dotenv_parse(copy, len, &dotenv, &line, &problem), 0);
        assert_string_equal(dotenv.entry[dotenv.count - 1].name, "Z");
        assert_int_equal(dotenv.entry[dotenv.count - 1].line, rows[i].line);
        dotenv_release(&dotenv);
        free(copy);
    }
}

static void test_nul_bytes(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        unsigned line;
    } rows[] = {{"A=1\0002\n", 6, 1}, {"A=1\nB=\"\0\"\n", 10, 2}, {"A=1\nB\0=2\n", 9, 2},
        {"A=1\n#\n#\0\n", 9, 3},
        {"\xff\xfe"
         "A\0=\0001\0\n",
            9, 1}};
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct dotenv dotenv = {0};
        unsigned line = 0;
        const char *problem = NULL;
        char *copy = copy_of(rows[i].text, rows[i].len);
        assert_int_equal(dotenv_parse(copy, rows[i].len, &dotenv, &line, &problem), -EINVAL);
        assert_int_equal(line, rows[i].line);
        assert_non_null(strstr(problem, "NUL"));
        free(copy);
    }
}

static void test_values_stay_in_the_text(void **state)
{
    static const char text[] = "A=a\nB='b'\nC=\"\\\\c\"\n";
    char *copy = copy_of(text, sizeof text - 1);
    struct dotenv dotenv;
    unsigned line;
    const char *problem;
    (void)state;
    assert_int_equal(dotenv_parse(copy, sizeof text - 1, &dotenv, &line, &problem), 0);
    assert_int_equal(dotenv.count, 3);
    for (size_t i = 0; i < dotenv.count; i++) {
        const char *value = (const char *)dotenv.entry[i].value;
        assert_uint_in_range(value - copy, 2, sizeof text - 2);
        assert_uint_in_range(dotenv.entry[i].name - copy, 0, sizeof text - 2);
    }
    dotenv_release(&dotenv);
    free(copy);
}

/* What would take minutes if anything were looked at again for each line, or each byte. */
static void test_large_files(void **state)
{
    enum { SIZE = 1 << 20, LINES = 100000 };
    static const char *const repeated[] = {
        "A=\"\\\\", "#", " #", "A=a #", "A=\\", "\r", "A=''", "A\n=", "\n", "\xc2\xa0"};
    struct dotenv dotenv;
    unsigned line;
    const char *problem;
    struct buffer text;
    (void)state;

    buffer_init(&text, 4 << 20);
    for (size_t i = 0; i < LENGTH(repeated); i++) {
        buffer_clear(&text);
        assert_int_equal(buffer_add_string(&text, "A="), 0);
        while (text.len < SIZE)
            assert_int_equal(buffer_add_string(&text, repeated[i]), 0);
        int err = dotenv_parse(text.data, text.len, &dotenv, &line, &problem);
        assert_true(err == 0 || err == -EINVAL);
        if (!err)
            dotenv_release(&dotenv);
    }

    buffer_clear(&text);
    for (int i = 0; i < LINES; i++)
        assert_int_equal(buffer_printf(&text, "NAME_%d=\"value \\\\%d\"\n", i, i), 0);
    assert_int_equal(dotenv_parse(text.data, text.len, &dotenv, &line, &problem), 0);
    assert_int_equal(dotenv.count, LINES);
    assert_string_equal(dotenv.entry[LINES - 1].name, "NAME_99999");
    assert_int_equal(dotenv.entry[LINES - 1].line, LINES);
    assert_memory_equal(dotenv.entry[LINES - 1].value, "value \\99999", 12);
    dotenv_release(&dotenv);
    buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements),
        cmocka_unit_test(test_values_without_quotes),
        cmocka_unit_test(test_quoted_values),
        cmocka_unit_test(test_a_dollar_is_a_character),
        cmocka_unit_test(test_the_last_of_a_name_counts),
        cmocka_unit_test(test_what_is_no_dotenv),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_nul_bytes),
        cmocka_unit_test(test_values_stay_in_the_text),
        cmocka_unit_test(test_large_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
