/*
 * json.h: JSON is taken, and what resembles it is not.
 */
#include "github/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "github/json_scan.h"

#define TEXT(literal) literal, sizeof literal - 1

struct text {
    const char *text;
    size_t len;
};

/* From the heap, without a NUL after it. */
static int read_json(const struct text *text, struct json_object **ret)
{
    char *copy = malloc(text->len ? text->len : 1);
    assert_non_null(copy);
    memcpy(copy, text->text, text->len);
    int err = json_read(copy, text->len, ret);
    free(copy);
    return err;
}

static void test_json(void **state)
{
    static const struct text rows[] = {
        {TEXT("{}")},
        {TEXT("[]")},
        {TEXT("{\"a\":[1,{\"b\":null},true,-2.5e3]}")},
        {TEXT(" \r\n\t{} \r\n\t")},
        {TEXT("7")},
        {TEXT("\"text\"")},
        {TEXT("\"Gr\xc3\xb6\xc3\x9f"
              "e\"")},
        {TEXT("{\"\xc3\xa9\":[\"\xf0\x9f\x94\x91\",{\"\":\"\xe2\x82\xac\"}]}")},
        {TEXT("[[],{},[[]],{\"a\":{}} , [ ] , { } ]")},
        {TEXT("[0,-0,0.5,1E+2,1e-2,-10.25e10]")},
        {TEXT("[true,false,null]")},
        {TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDD11\x7f\"")},
        {TEXT("{\"a\":1,\"a\":2}")},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct json_object *json = NULL;
        if (read_json(&rows[i], &json) != 0)
            fail_msg("refused: %s", rows[i].text);
        json_object_put(json); /* what is returned differs from version to version */
    }
}

static void test_no_json(void **state)
{
    static const struct text rows[] = {
        {TEXT("")},
        {TEXT(" \n")},
        {TEXT("null")},
        {TEXT("<html></html>")},
        {TEXT("{")},
        {TEXT("[1,2")},
        {TEXT("\"abc")},
        {TEXT("{\"a\":")},
        {TEXT("{\"a\" 1}")},
        {TEXT("{} {}")},
        {TEXT("{}x")},
        {TEXT("// note\n{}")},
        {TEXT("\xef\xbb\xbf{}")},
        {TEXT("\xff\xfe{\0}\0")},
        {TEXT("\"\xff\"")},
        {TEXT("\"\xc3\"")},
        {TEXT("\0{}")},
        {TEXT("TRUE")},
        {TEXT("[1,]")},
        {TEXT("[,1]")},
        {TEXT("[,]")},
        {TEXT("[1 2]")},
        {TEXT("[1]]")},
        {TEXT("[1}")},
        {TEXT("{\"a\":1]")},
        {TEXT("{\"a\":1,}")},
        {TEXT("{,}")},
        {TEXT("{\"a\"}")},
        {TEXT("{\"a\",\"b\"}")},
        {TEXT("{a:1}")},
        {TEXT("{1:1}")},
        {TEXT("{'a':1}")},
        {TEXT("'a'")},
        {TEXT("[1] // note")},
        {TEXT("[1 /* note */]")},
        {TEXT("NaN")},
        {TEXT("[-Infinity]")},
        {TEXT("[nul]")},
        {TEXT("[nullx]")},
        {TEXT("[True]")},
        {TEXT("[01]")},
        {TEXT("[-]")},
        {TEXT("[+1]")},
        {TEXT("[1.]")},
        {TEXT("[.5]")},
        {TEXT("[1e]")},
        {TEXT("[0x10]")},
        {TEXT("[1e5.5]")},
        {TEXT("\"a\nb\"")},
        {TEXT("{\"a\nb\":1}")},
        {TEXT("\"a\0b\"")},
        {TEXT("\"\\x41\"")},
        {TEXT("\"\\u12\"")},
        {TEXT("\"\\u12g4\"")},
        {TEXT("\"\\")},
        {TEXT("\v[]")},
        {TEXT("[]\f")},
        {TEXT("\xc2\xa0[]")},
        {TEXT("[\x80]")},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct json_object *json = NULL;
        if (read_json(&rows[i], &json) != -EPROTO)
            fail_msg("row %zu was taken: %s", i, rows[i].text);
        assert_null(json);
    }
}

static void test_nul_after_json(void **state)
{
    static const struct text rows[] = {
        {TEXT("{}\0")},
        {TEXT("{}\0garbage")},
        {TEXT("[1]\0[2]")},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct json_object *json = NULL;
        int err = read_json(&rows[i], &json);
        json_object_put(json);
        assert_int_equal(err, -EPROTO);
    }
}

static void test_depth(void **state)
{
    static const struct {
        int depth;
        int err;
    } rows[] = {{20, 0}, {32, 0}, {33, -EPROTO}, {100, -EPROTO}, {100000, -EPROTO}};
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        size_t depth = (size_t)rows[i].depth;
        char *text = malloc(2 * depth);
        struct json_object *json = NULL;
        assert_non_null(text);
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        assert_int_equal(json_read(text, 2 * depth, &json), rows[i].err);
        json_object_put(json);
        free(text);
    }
}

static void test_values_are_counted(void **state)
{
    static const struct {
        const char *json;
        size_t values;
    } rows[] = {
        {"7", 1},
        {"[]", 1},
        {"[1,\"a\",null]", 4},
        {"{\"a\":1,\"b\":{\"c\":[]}}", 7},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        size_t values = 0;
        assert_true(json_scan(rows[i].json, strlen(rows[i].json), &values));
        assert_int_equal(values, rows[i].values);
    }
}

static struct json_object *parse(const char *text)
{
    struct json_object *json = NULL;
    assert_int_equal(json_read(text, strlen(text), &json), 0);
    return json;
}

static void test_member(void **state)
{
    struct json_object *json = parse("{\"a\":[1],\"o\":{},\"n\":null}");
    (void)state;
    assert_non_null(json_member(json, "a", json_type_array));
    assert_non_null(json_member(json, "o", json_type_object));
    assert_null(json_member(json, "a", json_type_object));
    assert_null(json_member(json, "n", json_type_array));
    assert_null(json_member(json, "x", json_type_array));
    assert_null(json_member(json_member(json, "a", json_type_array), "a", json_type_array));
    assert_null(json_member(NULL, "a", json_type_array));
    json_object_put(json);
}

static void test_string(void **state)
{
    static const struct {
        const char *json;
        const char *text;
    } rows[] = {
        {"{\"s\":\"text\"}", "text"},
        {"{\"s\":\"\"}", ""},
        {"{\"s\":\"\\u00e9\\n\"}", "\xc3\xa9\n"},
        {"{\"s\":\"a\\u0000b\"}", NULL},
        {"{\"s\":\"\\u0000\"}", NULL},
        {"{\"s\":7}", NULL},
        {"{\"s\":null}", NULL},
        {"{\"s\":[\"text\"]}", NULL},
        {"{}", NULL},
        {"[\"s\"]", NULL},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct json_object *json = parse(rows[i].json);
        const char *text = json_string(json, "s");
        if (rows[i].text)
            assert_string_equal(text, rows[i].text);
        else
            assert_null(text);
        json_object_put(json);
    }
    assert_null(json_string(NULL, "s"));
}

static void test_number(void **state)
{
    static const struct {
        const char *json;
        bool ok;
        int64_t number;
    } rows[] = {
        {"{\"n\":0}", true, 0},
        {"{\"n\":300}", true, 300},
        {"{\"n\":9223372036854775806}", true, INT64_MAX - 1},
        {"{\"n\":9223372036854775807}", false, 0},
        {"{\"n\":18446744073709551615}", false, 0},
        {"{\"n\":99999999999999999999999999}", false, 0},
        {"{\"n\":-1}", false, 0},
        {"{\"n\":1.0}", false, 0},
        {"{\"n\":1e3}", false, 0},
        {"{\"n\":\"1\"}", false, 0},
        {"{\"n\":true}", false, 0},
        {"{\"n\":null}", false, 0},
        {"{}", false, 0},
        {"[1]", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct json_object *json = parse(rows[i].json);
        int64_t number = 4711;
        assert_int_equal(json_number(json, "n", &number), rows[i].ok);
        assert_int_equal(number, rows[i].ok ? rows[i].number : 4711);
        json_object_put(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_no_json),
        cmocka_unit_test(test_nul_after_json),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_values_are_counted),
        cmocka_unit_test(test_member),
        cmocka_unit_test(test_string),
        cmocka_unit_test(test_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
