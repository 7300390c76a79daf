/*
 * options.h and option_values.h: every row of the table takes what it says, and nothing else.
 */
#include "program/options.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "program/option_values.h"

/* Gives one option to an empty configuration; returns what options_take() does. */
static int take(const char *name, const char *value, struct config *ret)
{
    char arg[256];
    (void)snprintf(arg, sizeof arg, "%s%s%s", name, value ? "=" : "", value ? value : "");
    *ret = (struct config){0};
    return options_take(ret, arg);
}

static void assert_taken(const char *name, const char *value)
{
    struct config config;
    if (take(name, value, &config) != 0)
        fail_msg("%s=%s is refused", name, value);
    config_release(&config);
}

static void assert_refused(const char *name, const char *value)
{
    static const struct config untouched;
    struct config config;
    if (take(name, value, &config) != -EINVAL)
        fail_msg("%s=%s is not refused", name, value ? value : "");
    assert_memory_equal(&config, &untouched, sizeof config);
}

static void test_names_differ(void **state)
{
    (void)state;
    for (const struct option *a = option_table; a->name; a++) {
        for (const struct option *b = a + 1; b->name; b++) {
            assert_string_not_equal(a->name, b->name);
            assert_true(!a->letter || a->letter != b->letter);
        }
    }
}

static void test_rows_are_whole(void **state)
{
    (void)state;
    for (const struct option *option = option_table; option->name; option++) {
        bool is_passed = option->take == pass_to_libfuse, is_text = option->take == take_text;
        bool says_what = option->expected || option->words || is_passed || is_text;
        assert_true(!option->take == (option->refusal != NULL));
        assert_true(option->help || is_passed || option->refusal);
        if (option_has_value(option) && !says_what)
            fail_msg("%s does not say what it expects", option->name);
        assert_true(option_has_value(option) || !option->initial);
    }
}

static void test_value_or_none(void **state)
{
    (void)state;
    for (const struct option *option = option_table; option->name; option++) {
        bool has_value = option_has_value(option);
        assert_refused(option->name, has_value ? NULL : "x");
        if (has_value || option->refusal)
            assert_refused(option->name, "");
    }
}

static void test_initial_values(void **state)
{
    (void)state;
    struct config config = {0};
    for (const struct option *option = option_table; option->name; option++)
        if (option->initial)
            assert_taken(option->name, option->initial);
    assert_int_equal(options_set_initial(&config), 0);
    config_release(&config);
}

static void test_words(void **state)
{
    (void)state;
    for (const struct option *option = option_table; option->name; option++) {
        for (const struct option_word *word = option->words; word && word->text; word++) {
            char longer[64];
            struct config config;
            (void)snprintf(longer, sizeof longer, "%sx", word->text);
            assert_refused(option->name, longer);
            assert_int_equal(take(option->name, word->text, &config), 0);
            const char *field = (const char *)&config + option->offset;
            if (option->take == take_choice)
                assert_int_equal(*(const bool *)field, word->value);
            else
                assert_int_equal(*(const int *)(const void *)field, word->value);
        }
    }
}

static void test_written_words(void **state)
{
    (void)state;
    static const struct option_word words[] = {{"a", 1}, {"bc", 2}, {"d", 3}, {NULL, 0}};
    const struct option three = {.words = words}, one = {.words = words + 2};
    char text[16], small[6];
    option_write_words(&three, ", ", " or ", text, sizeof text);
    assert_string_equal(text, "a, bc or d");
    option_write_words(&one, ", ", " or ", text, sizeof text);
    assert_string_equal(text, "d");
    option_write_words(&three, ", ", " or ", small, sizeof small);
    assert_string_equal(small, "a, bc");
}

/* `number` as the option's values are written. */
static void write_number(const struct option *option, uint64_t number, char ret[static 32])
{
    if (option->take == take_seconds)
        (void)snprintf(ret, 32, "%" PRIu64 ".%03" PRIu64, number / 1000, number % 1000);
    else
        (void)snprintf(ret, 32, option->take == take_octal ? "%" PRIo64 : "%" PRIu64, number);
}

static void test_bounds(void **state)
{
    (void)state;
    unsigned count = 0;
    for (const struct option *option = option_table; option->name; option++) {
        bool is_seconds = option->take == take_seconds;
        char text[32];
        if (!is_seconds && option->take != take_number && option->take != take_octal)
            continue;
        write_number(option, option->min, text);
        assert_taken(option->name, text);
        write_number(option, option->max, text);
        assert_taken(option->name, text);
        write_number(option, option->max + 1, text);
        assert_refused(option->name, text);
        if (option->min > 0) {
            write_number(option, option->min - 1, text);
            assert_refused(option->name, text);
        }
        (void)snprintf(text, sizeof text, "%" PRIu64, option->max / (is_seconds ? 1000 : 1));
        if (*option->help && !strstr(option->expected, text))
            fail_msg("%s: '%s' does not say %s", option->name, option->expected, text);
        count++;
    }
    assert_true(count >= 6);
}

static void test_letters(void **state)
{
    (void)state;
    for (const struct option *option = option_table; option->name; option++) {
        char letter[] = {'-', option->letter, '\0'},
             joined[] = {'-', option->letter, 'x', '\0'};
        struct config by_letter, by_name;
        if (!option->letter)
            continue;
        assert_int_equal(take(letter, NULL, &by_letter), take(option->name, NULL, &by_name));
        assert_int_equal(by_letter.foreground, by_name.foreground);
        assert_int_equal(by_letter.debug, by_name.debug);
        assert_int_equal(!by_letter.mount_options, !by_name.mount_options);
        config_release(&by_letter);
        config_release(&by_name);
        assert_refused(joined, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_differ),
        cmocka_unit_test(test_rows_are_whole),
        cmocka_unit_test(test_value_or_none),
        cmocka_unit_test(test_initial_values),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_written_words),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
