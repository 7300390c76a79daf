/*
 * github/rows.h: any text as each kind of row, as a list and as one thing.
 */
#include "github/rows.h"

#include <errno.h>
#include <string.h>

#include "fuzz.h"

static const enum row_kind kinds[] = {ROW_SECRET, ROW_REPOSITORY, ROW_ACCOUNT, ROW_ORGANIZATION,
    ROW_ENVIRONMENT, ROW_SELECTED, ROW_FULL_NAME};
#define ROWS_MAX 100

static int parse_list(const char *text, size_t len, enum row_kind kind, struct rows *ret)
{
    return rows_parse_list(text, len, kind, ROWS_MAX, ret);
}

static int (*const parsers[])(const char *text, size_t len, enum row_kind kind,
    struct rows *ret) = {parse_list, rows_parse_one};

static void check_rows(const struct rows *rows, enum row_kind kind)
{
    REQUIRE(rows->total >= -1);
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->row[i];
        const char *visibility = visibility_name(row->visibility);
        REQUIRE(row->name);
        REQUIRE(row->id >= -1 && row->id < INT64_MAX);
        REQUIRE(row->created_at >= -1 && row->updated_at >= -1);
        REQUIRE(row->is_organization || kind != ROW_ORGANIZATION);
        REQUIRE(row->visibility == VISIBILITY_NONE || kind == ROW_SECRET);
        REQUIRE(visibility_parse(visibility, strlen(visibility)) == row->visibility);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = copy_bytes(data, size);
    for (size_t i = 0; i < LENGTH(kinds) * LENGTH(parsers); i++) {
        enum row_kind kind = kinds[i / LENGTH(parsers)];
        bool one = parsers[i % LENGTH(parsers)] == rows_parse_one;
        struct rows rows = {0};
        int err = parsers[i % LENGTH(parsers)](text, size, kind, &rows);
        if (err) {
            REQUIRE(err == -EPROTO && !rows.row);
            continue;
        }
        REQUIRE(one ? rows.count == 1 && !rows.row[0].has_nul : rows.count <= ROWS_MAX);
        check_rows(&rows, kind);
        rows_release(&rows);
    }
    free(text);
    return 0;
}
