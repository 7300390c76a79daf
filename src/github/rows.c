#include "github/rows.h"

#include <errno.h>

#include "github/json.h"

static const struct row_shape {
    const char *name;  /* the member that names the thing */
    const char *array; /* the member of a list object that holds the things */
} shapes[] = {
    [ROW_SECRET] = {"name", "secrets"},
    [ROW_REPOSITORY] = {"name", "repositories"},
    [ROW_ACCOUNT] = {"login", "users"},
    [ROW_ORGANIZATION] = {"login", "organizations"},
    [ROW_ENVIRONMENT] = {"name", "environments"},
    [ROW_SELECTED] = {"full_name", "repositories"},
};

static const char *const visibility_names[] = {
    [VISIBILITY_NONE] = "",
    [VISIBILITY_ALL] = "all",
    [VISIBILITY_PRIVATE] = "private",
    [VISIBILITY_SELECTED] = "selected",
};

const char *visibility_name(enum visibility visibility)
{
    return visibility_names[visibility];
}

enum visibility visibility_parse(const char *text, size_t len)
{
    for (unsigned v = VISIBILITY_ALL; v <= VISIBILITY_SELECTED; v++)
        if (strlen(visibility_names[v]) == len && memcmp(visibility_names[v], text, len) == 0)
            return v;
    return VISIBILITY_NONE;
}

void rows_release(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        free(rows->row[i].name);
    free(rows->row);
    *rows = (struct rows){0};
}

static int64_t read_time(struct json_object *object, const char *key)
{
    int64_t time;
    const char *text = json_string(object, key);
    return text && text_to_time(text, &time) && time >= 0 ? time : -1;
}

static int read_row(struct json_object *object, enum row_kind kind, struct row *row)
{
    const char *name = json_string(object, shapes[kind].name);
    const char *type = json_string(object, "type");
    const char *visibility = json_string(object, "visibility");
    if (!name)
        return -EPROTO;
    *row = (struct row){
        .created_at = read_time(object, "created_at"),
        .updated_at = read_time(object, "updated_at"),
        .is_organization =
            kind == ROW_ORGANIZATION || (type && strcmp(type, "Organization") == 0),
    };
    if (visibility && kind == ROW_SECRET)
        row->visibility = visibility_parse(visibility, strlen(visibility));
    if (!json_number(object, "id", &row->id))
        row->id = -1;
    row->name = strdup(name);
    return row->name ? 0 : -ENOMEM;
}

/* On an error `rows` holds what was read, to be released. */
static int read_rows(struct json_object *array, enum row_kind kind, struct rows *rows)
{
    size_t count = json_object_array_length(array);
    rows->row = calloc(count ? count : 1, sizeof *rows->row);
    if (!rows->row)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        int err = read_row(json_object_array_get_idx(array, i), kind, &rows->row[i]);
        if (err)
            return err;
        rows->count++;
    }
    return 0;
}

int rows_parse_list(const char *text, size_t len, enum row_kind kind, struct rows *ret)
{
    struct rows rows = {.total = -1};
    struct json_object *json;
    int err = json_read(text, len, &json);
    if (err)
        return err;
    struct json_object *array = json;
    if (!json_object_is_type(json, json_type_array)) {
        array = json_member(json, shapes[kind].array, json_type_array);
        if (!array || !json_number(json, "total_count", &rows.total))
            err = -EPROTO;
    }
    if (!err)
        err = read_rows(array, kind, &rows);
    json_object_put(json);
    if (err)
        rows_release(&rows);
    else
        *ret = rows;
    return err;
}

int rows_parse_one(const char *text, size_t len, enum row_kind kind, struct rows *ret)
{
    struct rows rows = {.total = -1};
    struct json_object *json;
    int err = json_read(text, len, &json);
    if (err)
        return err;
    rows.row = calloc(1, sizeof *rows.row);
    err = rows.row ? read_row(json, kind, rows.row) : -ENOMEM;
    json_object_put(json);
    if (err) {
        rows_release(&rows);
        return err;
    }
    rows.count = 1;
    *ret = rows;
    return 0;
}
