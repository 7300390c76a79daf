/*
 * nodes/name.h: a name as a file's and back, and which names can be what.
 */
#include "nodes/name.h"

#include <string.h>

#include "fuzz.h"

static void check_file_name(const char *file)
{
    REQUIRE(file[0] && strlen(file) <= NAME_MAX);
    REQUIRE(strcmp(file, ".") != 0 && strcmp(file, "..") != 0);
    REQUIRE(!strchr(file, '/') && !text_has_control(file));
}

static void check_both_ways(const char *name)
{
    char file[NAME_SIZE], again[NAME_SIZE];
    if (name_encode(name, file)) {
        check_file_name(file);
        REQUIRE(name_decode(file, again));
        REQUIRE(strcmp(again, name) == 0);
    }
    if (name_decode(name, again)) {
        REQUIRE(name_encode(again, file));
        REQUIRE(strcasecmp(file, name) == 0);
    }
}

static void check_kinds(const char *name)
{
    const char *problem = name_secret_problem(name);
    REQUIRE(name_is_secret(name) == !problem);
    if (problem) {
        REQUIRE(is_printable_line(problem));
    } else {
        /* What is sent under this name is taken for nothing else. */
        REQUIRE(!name_is_bulk(name));
        REQUIRE(!name_is_staging(name, false));
        REQUIRE(name_is_account(name) && name_is_repository(name));
    }
    REQUIRE(!name_is_bulk(name) || !name_is_staging(name, true));
    REQUIRE(!name_is_staging(name, false) || name_is_staging(name, true));
    REQUIRE(!name_is_account(name) || name_is_repository(name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *name = copy_string(data, size);
    bool is_secret = name_is_secret(name);
    check_both_ways(name);
    check_kinds(name);
    name_to_upper(name);
    check_both_ways(name);
    REQUIRE(name_is_secret(name) == is_secret);
    free(name);
    return 0;
}
