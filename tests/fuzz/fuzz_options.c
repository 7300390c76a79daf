/*
 * program/config.h: a command line, an argument a line. What is taken is in its bounds; what is
 * not leaves no trace.
 */
#include <string.h>

#include "fuzz.h"
#include "program/config.h"
#include "program/option_values.h"
#include "program/options.h"

#define ARGUMENTS_MAX 32

/* Commas and backslashes in an option have a backslash before them. */
static size_t option_length(const char *options)
{
    size_t len = 0;
    while (options[len] && options[len] != ',')
        len += options[len] == '\\' && options[len + 1] ? 2 : 1;
    return len;
}

static bool has_mount_option(const struct config *config, const char *option)
{
    const struct fuse_args *args = &config->fuse_args;
    REQUIRE(args->argc == 3 && strcmp(args->argv[1], "-o") == 0);
    for (const char *at = args->argv[2];; at++) {
        size_t len = option_length(at);
        if (len == strlen(option) && memcmp(at, option, len) == 0)
            return true;
        at += len;
        if (!*at)
            return false;
    }
}

static bool is_word_of(const struct option *option, int value)
{
    for (const struct option_word *word = option->words; word->text; word++)
        if (word->value == value)
            return true;
    return false;
}

/* Is the option's field in the bounds of the option's row? */
static bool is_in_bounds(const struct config *config, const struct option *option)
{
    const void *field = (const char *)config + option->offset;
    uint64_t number;

    if (option->take == take_seconds)
        number = *(const uint64_t *)field;
    else if (option->take == take_number)
        number = *(const unsigned *)field;
    else if (option->take == take_octal)
        number = *(const mode_t *)field;
    else if (option->take == take_word)
        return is_word_of(option, *(const int *)field);
    else
        return true;
    return number >= option->min && number <= option->max;
}

static void check_bounds(const struct config *config)
{
    for (const struct option *option = option_table; option->name; option++)
        REQUIRE(is_in_bounds(config, option));
    REQUIRE(config->uid != (uid_t)-1 && config->gid != (gid_t)-1);
    REQUIRE(config->foreground || !config->debug);
}

static void check_strings(const struct config *config)
{
    REQUIRE(config->mountpoint && config->mountpoint[0]);
    REQUIRE(config->host && config->path && config->source);
    REQUIRE(config->api_url && config->api_host && config->token_host);
    REQUIRE(strlen(config->api_version) == strlen("2026-03-10"));
    REQUIRE(!config->token_file || config->token_file[0] == '/');
    REQUIRE(!config->ca_file || config->ca_file[0] == '/');
    REQUIRE(!config->token_file || !config->token_command);
    REQUIRE(!config->fsname || !text_has_control(config->fsname));
}

static void check_mount_options(const struct config *config)
{
    static const char *const always[] = {
        "nosuid", "nodev", "noexec", "default_permissions", "subtype=ghsecretfs"};
    static const char *const never[] = {"suid", "dev", "exec"};
    for (size_t i = 0; i < LENGTH(always); i++)
        REQUIRE(has_mount_option(config, always[i]));
    for (size_t i = 0; i < LENGTH(never); i++)
        REQUIRE(!has_mount_option(config, never[i]));
    REQUIRE(has_mount_option(config, "debug") == config->debug);
}

static bool is_zero(const void *data, size_t size)
{
    for (const char *c = data; c < (const char *)data + size; c++)
        if (*c)
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const variables[] = {"GH_HOST", "SSL_CERT_FILE", "SSL_CERT_DIR"};
    struct config config = {0};
    char *text = copy_string(data, size), *rest = text, *line;
    char *argv[ARGUMENTS_MAX + 2] = {(char *)"ghsecretfs"};
    int argc = 1;

    for (size_t i = 0; i < LENGTH(variables); i++)
        unsetenv(variables[i]);
    while (argc <= ARGUMENTS_MAX && (line = strsep(&rest, "\n")))
        argv[argc++] = line;
    if (config_parse(argv, &config) == CONFIG_OK) {
        check_bounds(&config);
        check_strings(&config);
        check_mount_options(&config);
        config_release(&config);
    } else {
        REQUIRE(is_zero(&config, sizeof config));
    }
    free(text);
    return 0;
}
