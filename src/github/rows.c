#include "github/rows.h"

#include <assert.h>
#include <errno.h>

#include "base/buffer.h"
#include "github/json.h"
#include "github/json_part.h"
#include "github/json_scan.h"

/* In bytes: far more than a file's name can have. A longer name is cut, since a compressed list
 * of very long names is small on the way and would fill the memory here. */
#define NAME_KEPT_MAX 1024

static const struct row_shape {
    const char *name;  /* the member that names the thing */
    const char *array; /* the list's member that holds the things; NULL: the list is an array */
    unsigned per_page; /* the endpoint's maximum */
    bool has_id; /* a thing without a number is an error: requests name it by the number */
} shapes[] = {
    [ROW_SECRET] = {"name", "secrets", 100},
    [ROW_REPOSITORY] = {"name", NULL, 100},
    [ROW_ACCOUNT] = {"login", NULL, 100},
    [ROW_ORGANIZATION] = {"login", NULL, 100},
    [ROW_ENVIRONMENT] = {"name", "environments", 100},
    [ROW_SELECTED] = {"full_name", "repositories", 100, true},
    [ROW_FULL_NAME] = {"full_name", NULL, 100, true},
};

unsigned rows_per_page(enum row_kind kind)
{
    return shapes[kind].per_page;
}

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

/* Makes room for `count` rows whose names take `name_bytes`, and adds none. 0 or -ENOMEM. */
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

/* Adds a copy of the row, for which there must be room. The name is copied to `names`; the next
 * row's name goes to the address that is returned. */
static char *rows_add(struct rows *rows, const struct row *row, char *names)
{
    size_t size = strlen(row->name) + 1;
    struct row *copy = &rows->row[rows->count++];
    *copy = *row;
    copy->name = memcpy(names, row->name, size);
    return names + size;
}

static size_t count_rows(const struct rows *const *parts, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += parts[i]->count;
    return total;
}

/* Whether the row tells which thing it is. A name that was cut or changed does not: two names
 * may look alike then. */
static bool is_known(const struct row *row)
{
    return row->id >= 0 || (!row->has_nul && strlen(row->name) < NAME_KEPT_MAX);
}

static int compare_things(const void *a, const void *b)
{
    const struct row *const *x = a, *const *y = b;
    if ((*x)->id < 0 && (*y)->id < 0)
        return strcmp((*x)->name, (*y)->name);
    return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

int rows_check_once(const struct rows *const *parts, size_t count)
{
    size_t known = 0;
    const struct row **sorted = calloc(count_rows(parts, count) + 1, sizeof *sorted);
    if (!sorted)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < parts[i]->count; k++)
            if (is_known(&parts[i]->row[k]))
                sorted[known++] = &parts[i]->row[k];
    qsort(sorted, known, sizeof *sorted, compare_things);
    int err = 0;
    for (size_t i = 1; !err && i < known; i++)
        err = compare_things(&sorted[i - 1], &sorted[i]) == 0 ? -EEXIST : 0;
    free(sorted);
    return err;
}

bool rows_are_same(const struct rows *a, const struct rows *b)
{
    bool same = a->count == b->count && a->total == b->total;
    for (size_t i = 0; same && i < a->count; i++)
        same = a->row[i].id == b->row[i].id && strcmp(a->row[i].name, b->row[i].name) == 0;
    return same;
}

int rows_join(const struct rows *const *parts, size_t count, struct rows *ret)
{
    size_t name_bytes = 0;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < parts[i]->count; k++)
            name_bytes += strlen(parts[i]->row[k].name) + 1;
    int err = rows_init(ret, count_rows(parts, count), name_bytes);
    if (err)
        return err;
    char *names = ret->names;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < parts[i]->count; k++)
            names = rows_add(ret, &parts[i]->row[k], names);
    assert(names == ret->names + name_bytes);
    ret->total = count ? parts[0]->total : -1;
    return 0;
}

static int64_t read_time(struct json_object *object, const char *key)
{
    int64_t time;
    const char *text = json_string(object, key);
    return text && text_to_time(text, &time) && time >= 0 ? time : -1;
}

/* row->name is borrowed from `object`. A name with a NUL is changed in `object` to a printable
 * likeness. */
static int read_name(struct json_object *object, enum row_kind kind, struct row *row)
{
    struct json_object *name = json_member(object, shapes[kind].name, json_type_string);
    if (!name)
        return -EPROTO;
    row->has_nul = !json_string(object, shapes[kind].name);
    if (row->has_nul) {
        char likeness[100];
        text_printable(likeness, sizeof likeness, json_object_get_string(name),
            (size_t)json_object_get_string_len(name));
        if (!json_object_set_string(name, likeness))
            return -ENOMEM;
    }
    row->name = json_object_get_string(name);
    return 0;
}

/* A malformed "id" is an error and does not count as absent: the number would be sent on, and
 * name another thing. */
static int read_id(struct json_object *object, enum row_kind kind, struct row *row)
{
    if (!json_has(object, "id")) {
        row->id = -1;
        return shapes[kind].has_id ? -EPROTO : 0;
    }
    return json_number(object, "id", &row->id) && row->id > 0 ? 0 : -EPROTO;
}

static int read_row(struct json_object *object, enum row_kind kind, struct row *row)
{
    const char *type = json_string(object, "type");
    const char *visibility = json_string(object, "visibility");

    *row = (struct row){
        .created_at = read_time(object, "created_at"),
        .updated_at = read_time(object, "updated_at"),
        .is_organization =
            kind == ROW_ORGANIZATION || (type && strcmp(type, "Organization") == 0),
    };
    if (visibility && kind == ROW_SECRET)
        row->visibility = visibility_parse(visibility, strlen(visibility));
    int err = read_id(object, kind, row);
    return err ? err : read_name(object, kind, row);
}

/* Counts the elements of the array; -EPROTO when there are more than `max`. */
static int count_elements(struct json_part array, size_t max, size_t *ret)
{
    struct json_part element = {0};
    *ret = 0;
    while (json_part_next(array, &element))
        if (++*ret > max)
            return -EPROTO;
    return 0;
}

/* For when `names` no longer moves. Each name begins behind the NUL of the name before. */
static void set_names(struct rows *rows)
{
    const char *name = rows->names;
    for (size_t i = 0; i < rows->count; i++) {
        rows->row[i].name = name;
        name += strlen(name) + 1;
    }
}

/* Reads the element into `row`, but for the name, which is added to `names` with a NUL. */
static int read_element(
    struct json_part element, enum row_kind kind, struct row *row, struct buffer *names)
{
    struct json_object *json;
    int err = json_read(element.text, element.len, &json);
    if (err)
        return err;
    err = read_row(json, kind, row);
    if (!err)
        err = buffer_add(names, row->name, strnlen(row->name, NAME_KEPT_MAX));
    if (!err)
        err = buffer_add(names, "", 1);
    json_object_put(json);
    return err;
}

static int read_rows(struct json_part array, enum row_kind kind, size_t max, struct rows *ret)
{
    struct rows rows = {.total = -1};
    struct json_part element = {0};
    struct buffer names;
    size_t count;

    int err = count_elements(array, max, &count);
    if (err)
        return err;
    rows.row = calloc(count ? count : 1, sizeof *rows.row);
    if (!rows.row)
        return -ENOMEM;
    buffer_init(&names, array.len + count);
    while (!err && json_part_next(array, &element)) {
        assert(rows.count < count);
        err = read_element(element, kind, &rows.row[rows.count++], &names);
    }
    rows.names = buffer_steal(&names);
    if (err) {
        rows_release(&rows);
        return err;
    }
    set_names(&rows);
    *ret = rows;
    return 0;
}

/* The list's array, and the total where the kind's endpoint has one. */
static int find_array(
    struct json_part whole, enum row_kind kind, struct json_part *ret_array, int64_t *ret_total)
{
    struct json_part total;
    char number[24] = "";
    uint64_t n;

    if (!shapes[kind].array) {
        *ret_array = whole;
        *ret_total = -1;
        return json_part_is_array(whole) ? 0 : -EPROTO;
    }
    if (!json_part_member(whole, shapes[kind].array, ret_array) ||
        !json_part_is_array(*ret_array) || !json_part_member(whole, "total_count", &total))
        return -EPROTO;
    if (total.len < sizeof number)
        memcpy(number, total.text, total.len);
    if (!text_to_u64(number, INT64_MAX - 1, &n))
        return -EPROTO;
    *ret_total = (int64_t)n;
    return 0;
}

int rows_parse_list(
    const char *text, size_t len, enum row_kind kind, size_t max, struct rows *ret)
{
    struct json_part array;
    int64_t total;
    size_t values;

    if (!json_scan(text, len, &values))
        return -EPROTO;
    int err = find_array(json_part_whole(text, len), kind, &array, &total);
    if (!err)
        err = read_rows(array, kind, max, ret);
    if (!err)
        ret->total = total;
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
    if (!err && row.has_nul)
        err = -EPROTO;
    if (!err)
        err = rows_init(&rows, 1, strlen(row.name) + 1);
    if (!err) {
        (void)rows_add(&rows, &row, rows.names);
        *ret = rows;
    }
    json_object_put(json);
    return err;
}
