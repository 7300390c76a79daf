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
    free(rows->row);
    free(rows->names);
    *rows = (struct rows){0};
}

/* Room for so many, none there yet. */
static int rows_init(struct rows *rows, size_t count, size_t name_bytes)
{
    *rows = (struct rows){
        .row = calloc(count ? count : 1, sizeof *rows->row),
        .names = malloc(name_bytes ? name_bytes : 1),
        .total = -1,
    };
    if (rows->row && rows->names)
        return 0;
    rows_release(rows);
    return -ENOMEM;
}

/* Adds a copy of a row; there is room for it. `names` is where its name goes: the result is
 * where the next one does. */
static char *rows_add(struct rows *rows, const struct row *row, char *names)
{
    size_t size = strlen(row->name) + 1;
    struct row *copy = &rows->row[rows->count++];
    *copy = *row;
    copy->name = memcpy(names, row->name, size);
    return names + size;
}

int rows_join(const struct rows *const *parts, size_t count, struct rows *ret)
{
    size_t total = 0, name_bytes = 0;

    for (size_t i = 0; i < count; i++) {
        total += parts[i]->count;
        for (size_t k = 0; k < parts[i]->count; k++)
            name_bytes += strlen(parts[i]->row[k].name) + 1;
    }
    int err = rows_init(ret, total, name_bytes);
    if (err)
        return err;
    char *names = ret->names;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < parts[i]->count; k++)
            names = rows_add(ret, &parts[i]->row[k], names);
    ret->total = count ? parts[0]->total : -1;
    return 0;
}

static int64_t read_time(struct json_object *object, const char *key)
{
    int64_t time;
    const char *text = json_string(object, key);
    return text && text_to_time(text, &time) && time >= 0 ? time : -1;
}

/* The name is the JSON's. */
static int read_row(struct json_object *object, enum row_kind kind, struct row *row)
{
    const char *type = json_string(object, "type");
    const char *visibility = json_string(object, "visibility");

    *row = (struct row){
        .name = json_string(object, shapes[kind].name),
        .created_at = read_time(object, "created_at"),
        .updated_at = read_time(object, "updated_at"),
        .is_organization =
            kind == ROW_ORGANIZATION || (type && strcmp(type, "Organization") == 0),
    };
    if (visibility && kind == ROW_SECRET)
        row->visibility = visibility_parse(visibility, strlen(visibility));
    if (!json_number(object, "id", &row->id))
        row->id = -1;
    return row->name ? 0 : -EPROTO;
}

static int read_rows(struct json_object *array, enum row_kind kind, struct rows *ret)
{
    size_t count = json_object_array_length(array), name_bytes = 0;
    struct rows rows;
    struct row row;

    for (size_t i = 0; i < count; i++) {
        const char *name = json_string(json_object_array_get_idx(array, i), shapes[kind].name);
        name_bytes += name ? strlen(name) + 1 : 0;
    }
    int err = rows_init(&rows, count, name_bytes);
    if (err)
        return err;
    char *names = rows.names;
    for (size_t i = 0; !err && i < count; i++) {
        err = read_row(json_object_array_get_idx(array, i), kind, &row);
        if (!err)
            names = rows_add(&rows, &row, names);
    }
    if (err)
        rows_release(&rows);
    else
        *ret = rows;
    return err;
}

int rows_parse_list(const char *text, size_t len, enum row_kind kind, struct rows *ret)
{
    int64_t total = -1;
    struct json_object *json;
    int err = json_read(text, len, &json);
    if (err)
        return err;
    struct json_object *array = json;
    if (!json_object_is_type(json, json_type_array)) {
        array = json_member(json, shapes[kind].array, json_type_array);
        if (!array || !json_number(json, "total_count", &total))
            err = -EPROTO;
    }
    if (!err)
        err = read_rows(array, kind, ret);
    if (!err)
        ret->total = total;
    json_object_put(json);
    return err;
}

int rows_parse_one(const char *text, size_t len, enum row_kind kind, struct rows *ret)
{
    struct rows rows;
    struct row row;
    struct json_object *json;
    int err = json_read(text, len, &json);
    if (err)
        return err;
    err = read_row(json, kind, &row);
    if (!err)
        err = rows_init(&rows, 1, strlen(row.name) + 1);
    if (!err) {
        (void)rows_add(&rows, &row, rows.names);
        *ret = rows;
    }
    json_object_put(json);
    return err;
}
