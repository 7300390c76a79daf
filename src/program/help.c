#include "program/help.h"

/* <fuse.h> is included only for fuse_pkgversion(). */
#define FUSE_USE_VERSION 31
#include <fuse.h>

#include "program/options.h"

/* The build sets the version. */
#ifndef GHSECRETFS_VERSION
#define GHSECRETFS_VERSION "(unknown version)"
#endif

/* The widths of an option's name with values, in the line of the option: usual, and long. */
#define LEFT_WIDTH 21
#define LONG_LEFT_WIDTH 34

static const char before_options[] =
    "usage: ghsecretfs [options] [[HOST:]PATH] MOUNTPOINT\n"
    "Mounts GitHub Actions secrets: a write sets a secret, rm deletes it.\n";

static const char after_options[] =
    "HOST is $GH_HOST or github.com. The token, if no option gives it: $GH_TOKEN or\n"
    "$GITHUB_TOKEN (GH_ENTERPRISE_TOKEN or GITHUB_ENTERPRISE_TOKEN for other hosts),\n"
    "$CREDENTIALS_DIRECTORY/token, or that of 'gh auth token' (but not as root).\n"
    "  ghsecretfs -o token_file=/etc/gh.token repos/acme/web/actions/secrets /mnt/web\n"
    "Unmount: fusermount3 -u MOUNTPOINT. Failures: its .ghsecretfs/errors, syslog.\n";

static bool is_named_only(const struct option *option)
{
    return option->help && !*option->help;
}

static bool has_line(const struct option *option)
{
    return option->help && *option->help && !option->letter;
}

/* One line for all options that have a letter and a text. */
static void print_letters(FILE *out)
{
    const char *gap = "  ";
    for (const struct option *option = option_table; option->name; option++) {
        if (!option->letter || is_named_only(option))
            continue;
        (void)fprintf(out, "%s-%c %s", gap, option->letter, option->help);
        gap = "   ";
    }
    (void)fputs("\n", out);
}

static void print_line(FILE *out, const struct option *option)
{
    char words[64] = "", left[80];
    const char *values = option->argument ? option->argument : words;
    if (option->words)
        option_write_words(option, "|", "|", words, sizeof words);
    int len = snprintf(left, sizeof left, "%s%s%s", option->name, *values ? "=" : "", values);
    (void)fprintf(
        out, "    %-*s%s", len < LEFT_WIDTH ? LEFT_WIDTH : LONG_LEFT_WIDTH, left, option->help);
    if (option->initial)
        (void)fprintf(out, " (%s)", option->initial);
    (void)fputs("\n", out);
}

static void print_names(FILE *out)
{
    const char *gap = "    ";
    for (const struct option *option = option_table; option->name; option++) {
        if (!is_named_only(option))
            continue;
        (void)fprintf(out, "%s%s%s", gap, option->name, option_has_value(option) ? "=" : "");
        gap = ", ";
    }
    (void)fputs("\n", out);
}

void help_print(FILE *out)
{
    (void)fputs(before_options, out);
    print_letters(out);
    (void)fputs("  -o opt[,opt...], or --opt=value     (default)\n", out);
    for (const struct option *option = option_table; option->name; option++)
        if (has_line(option))
            print_line(out, option);
    print_names(out);
    (void)fputs(after_options, out);
}

void help_version(FILE *out)
{
    (void)fprintf(out, "ghsecretfs %s\nlibfuse %s\n", GHSECRETFS_VERSION, fuse_pkgversion());
}
