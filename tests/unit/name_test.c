/*
 * name.h: names that can be secrets, and server's names as file names and back.
 */
#include "nodes/name.h"

#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"

static void test_encoding(void **state)
{
    static const struct {
        const char *name;
        const char *file;
    } rows[] = {
        {"web", "web"},
        {"eu/prod", "eu%2Fprod"},
        {"/", "%2F"},
        {"//", "%2F%2F"},
        {"100%", "100%25"},
        {"%2F", "%252F"},
        {"%", "%25"},
        {".", "%2E"},
        {"..", "%2E%2E"},
        {"...", "..."},
        {".a", ".a"},
        {"../..", "..%2F.."},
        {"a b", "a b"},
        {"\t", "%09"},
        {"a\nb\x7f\x01\x1f", "a%0Ab%7F%01%1F"},
        {"Gr\xc3\xb6\xc3\x9f"
         "e",
            "Gr\xc3\xb6\xc3\x9f"
            "e"},
        {"\xff\x80", "\xff\x80"},
        {"-rf *?#\\\"'", "-rf *?#\\\"'"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char file[NAME_SIZE], name[NAME_SIZE];
        assert_true(name_encode(rows[i].name, file));
        assert_string_equal(file, rows[i].file);
        assert_true(name_decode(file, name));
        assert_string_equal(name, rows[i].name);
    }
}

static void test_every_byte_goes_there_and_back(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        char text[] = {'a', (char)byte, 'b', '\0'};
        char file[NAME_SIZE], name[NAME_SIZE];
        assert_true(name_encode(text, file));
        assert_null(strchr(file, '/'));
        for (const char *c = file; *c; c++)
            assert_true((unsigned char)*c >= ' ' && *c != 0x7f);
        assert_true(name_decode(file, name));
        assert_string_equal(name, text);
    }
}

static void test_digits_have_no_case(void **state)
{
    char name[NAME_SIZE];
    (void)state;
    assert_true(name_decode("eu%2fprod", name));
    assert_string_equal(name, "eu/prod");
    assert_true(name_decode("%2e%2E", name));
    assert_string_equal(name, "..");
}

/* One name has one spelling. */
static void test_other_spellings(void **state)
{
    static const char *const files[] = {
        "",
        "%",
        "%2",
        "%2G",
        "%G2",
        "a%",
        "a%2",
        "%%",
        "%00",
        "a%00b",
        "%41",
        "w%65b",
        "%2Ea",
        "%2E.",
        ".%2E",
        "a%2Eb",
        "%2E%2E%2E",
        "%20",
        "%C3%B6",
        "% 2F",
        "%+2",
        "a/b",
        ".",
        "..",
        "a\nb",
        "\x7f",
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(files); i++) {
        char name[NAME_SIZE];
        if (name_decode(files[i], name))
            fail_msg("\"%s\" became \"%s\"", files[i], name);
    }
}

static char *repeated(const char *text, size_t times)
{
    size_t len = strlen(text);
    char *all = calloc(len * times + 1, 1);
    assert_non_null(all);
    for (size_t i = 0; i < times; i++)
        memcpy(all + i * len, text, len);
    return all;
}

static void test_lengths(void **state)
{
    static const struct {
        const char *text;
        size_t times;
        bool fits;
    } rows[] = {
        {"a", 0, false},
        {"a", 255, true},
        {"a", 256, false},
        {"a", 100000, false},
        {"/", 85, true},
        {"/", 86, false},
        {"\xc3\xa9", 127, true},
        {"\xc3\xa9", 128, false},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char file[NAME_SIZE], name[NAME_SIZE];
        char *text = repeated(rows[i].text, rows[i].times);
        assert_int_equal(name_encode(text, file), rows[i].fits);
        if (rows[i].fits) {
            assert_true(name_decode(file, name));
            assert_string_equal(name, text);
        }
        free(text);
    }
    char name[NAME_SIZE];
    char *plain = repeated("a", 256), *encoded = repeated("%2F", 86);
    assert_false(name_decode(plain, name));
    assert_false(name_decode(encoded, name));
    free(plain);
    free(encoded);
}

static void test_secrets(void **state)
{
    static const struct {
        const char *name;
        bool good;
    } rows[] = {
        {"A", true},
        {"a", true},
        {"_", true},
        {"_1", true},
        {"NPM_TOKEN", true},
        {"GITHUB", true},
        {"GITHUBX", true},
        {"MY_GITHUB_TOKEN", true},
        {"_GITHUB_X", true},
        {"", false},
        {"1ST", false},
        {"GITHUB_", false},
        {"GITHUB_TOKEN", false},
        {"github_token", false},
        {"GitHub_X", false},
        {"MY-TOKEN", false},
        {"key.pem", false},
        {".env", false},
        {"a b", false},
        {"A\n", false},
        {"A/B", false},
        {"%41", false},
        {"\xc3\x89", false},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const char *problem = name_secret_problem(rows[i].name);
        if ((problem == NULL) != rows[i].good)
            fail_msg("\"%s\": %s", rows[i].name, problem ? problem : "good");
        assert_int_equal(name_is_secret(rows[i].name), rows[i].good);
    }
}

static void test_accounts_and_repositories(void **state)
{
    static const struct {
        const char *name;
        bool account, repository;
    } rows[] = {
        {"acme", true, true},
        {"Acme-2", true, true},
        {"octavia_corp", true, true},
        {"1", true, true},
        {"-acme", false, true},
        {".git", false, true},
        {"a.b", false, true},
        {"...", false, true},
        {".", false, false},
        {"..", false, false},
        {"", false, false},
        {"a b", false, false},
        {"a/b", false, false},
        {"a%2Fb", false, false},
        {"a?b", false, false},
        {"\xc3\xa9", false, false},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        if (name_is_account(rows[i].name) != rows[i].account ||
            name_is_repository(rows[i].name) != rows[i].repository)
            fail_msg("\"%s\"", rows[i].name);
    }
}

static void test_staging(void **state)
{
    static const struct {
        const char *name;
        bool always, exclusive; /* is it temporary: whoever creates it, with O_EXCL */
    } rows[] = {
        {".x", true, true},
        {".NAME.a1B2c3", true, true},
        {".en", true, true},
        {".ENV", false, false},
        {".env", false, false},
        {".env.x", false, false},
        {".envrc", false, false},
        {".a%b", false, false},
        {".a\nb", false, false},
        {"tmp.a1B2c3", false, true},
        {"NAME.8eb9cfe2.partial", true, true},
        {"NAME.8eb9cfe.partial", false, false},
        {"NAME.8EB9CFE2.partial", false, false},
        {".8eb9cfe2.partial", true, true},
        {"8eb9cfe2.partial", false, false},
        {"NAME.8eb9cfe2.partial.x", false, false},
        {"tmp.a1B2c3d4E5", false, true},
        {"tmp.a1B2c", false, false},
        {"tmp.a1B2c_", false, false},
        {"TMP.a1B2c3", false, false},
        {"tmpab12_9xz", false, true},
        {"tmpab12_9xzz", false, false},
        {"tmpab12_9x", false, false},
        {"tmpAb12_9xz", false, false},
        {"NAME.a1B2c3", false, false},
        {"NAME~", false, false},
        {"", false, false},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        assert_int_equal(name_is_staging(rows[i].name, false), rows[i].always);
        assert_int_equal(name_is_staging(rows[i].name, true), rows[i].exclusive);
        assert_int_equal(name_is_bulk(rows[i].name), strcasecmp(rows[i].name, ".env") == 0);
    }
}

/* Made with O_RDWR, O_CREAT, O_EXCL and mode 0600. */
static void test_temporary(void **state)
{
    static const struct {
        const char *name;
        bool temporary;
    } rows[] = {
        {".x", true},
        {".env.a1B2c3", true},
        {".envrc", true},
        {"NAME-1234", true},
        {"NAME~", true},
        {"1ST", true},
        {"GITHUB_X", true},
        {"tmp", true},
        {"TMPFILE", true},
        {"tmpab12_9xzz", true},
        {"zia1B2c3", true},
        {"zia1B2c", false},
        {"zia1B2c3d", false},
        {"ZIA1B2C3", false},
        {"zia1_2c3", false},
        {"NAME", false},
        {"NAME123456", false}, /* that depends on what is there: */
        {".env", false},
        {".ENV", false},
        {"a%b", false},
        {"a\nb", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++)
        assert_int_equal(name_is_temporary(rows[i].name), rows[i].temporary);
}

static void test_stems(void **state)
{
    static const struct {
        const char *name;
        size_t stem;
    } rows[] = {
        {"NAME123456", 4},
        {"NAMEaB_456", 4},
        {"NAME12345678", 6},
        {"NAME123", 1},
        {"N123456", 1},
        {"123456", 0},
        {"NAME-12345", 0},
        {"NAME.123456", 5},
        {"", 0},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++)
        assert_int_equal(name_stem_length(rows[i].name), rows[i].stem);
}

static void test_upper(void **state)
{
    char name[] = "npm_Token_1";
    (void)state;
    name_to_upper(name);
    assert_string_equal(name, "NPM_TOKEN_1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encoding),
        cmocka_unit_test(test_every_byte_goes_there_and_back),
        cmocka_unit_test(test_digits_have_no_case),
        cmocka_unit_test(test_other_spellings),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_accounts_and_repositories),
        cmocka_unit_test(test_staging),
        cmocka_unit_test(test_temporary),
        cmocka_unit_test(test_stems),
        cmocka_unit_test(test_upper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
