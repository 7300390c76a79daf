#include "sync/list_text.h"

#include <errno.h>

#define BLANKS " \t\r"

void list_text_init(struct list_text *list)
{
    *list = (struct list_text){0};
    buffer_init(&list->text, LIST_TEXT_MAX);
}

void list_text_release(struct list_text *list)
{
    buffer_release(&list->text);
}

static unsigned count_lines(const char *at, const char *end)
{
    unsigned lines = 0;
    for (; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        lines++;
    return lines;
}

static void act_up_to(struct list_text *list, size_t end)
{
    const char *text = list->text.data;
    if (end > list->acted)
        list->acted_lines += count_lines(text + list->acted, text + end);
    list->acted = end;
}

void list_text_settle(struct list_text *list)
{
    if (list->additions)
        act_up_to(list, list->text.len);
    list->dirty = false;
}

static void look_again(struct list_text *list)
{
    list->scanned = 0;
    list->has_plain = list->has_signed = false;
}

/* The offset of the first byte of the line at `at` behind blanks and a byte order mark. */
static size_t line_start(const struct list_text *list, size_t at)
{
    if (at == 0 && strncmp(list->text.data, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
        at += strlen(BYTE_ORDER_MARK);
    return at + strspn(list->text.data + at, BLANKS);
}

static bool may_be_mark(const struct list_text *list, size_t at)
{
    return at == 0 && list->text.len < strlen(BYTE_ORDER_MARK) &&
           strncmp(list->text.data, BYTE_ORDER_MARK, list->text.len) == 0;
}

/* Looks at each complete line once: has the line a sign? -EINVAL if some lines have a sign and
 * others do not. */
static int look(struct list_text *list, struct list_problem *ret_problem)
{
    const char *text = list->text.data;
    size_t len = list->text.len;

    while (list->scanned < len && !may_be_mark(list, list->scanned)) {
        size_t at = line_start(list, list->scanned);
        bool is_signed = at < len && (text[at] == '+' || text[at] == '-');
        list->has_signed |= is_signed;
        list->has_plain |= at < len && !is_signed && text[at] != '#' && text[at] != '\n';
        if (list->has_signed && list->has_plain && !list->additions) {
            *ret_problem =
                (struct list_problem){"lines with and without a sign cannot be mixed",
                    1 + count_lines(text, text + at)};
            return -EINVAL;
        }
        const char *newline = memchr(text + at, '\n', len - at);
        if (!newline)
            break;
        list->scanned = (size_t)(newline - text) + 1;
    }
    return 0;
}

/* Do these bytes begin with a sign, and was nothing written to the text before? */
static bool begins_changes(const struct list_text *list, const char *data, size_t len)
{
    size_t at = strlen(BYTE_ORDER_MARK);
    if (list->dirty || list->acted > 0)
        return false;
    if (len < at || memcmp(data, BYTE_ORDER_MARK, at) != 0)
        at = 0;
    while (at < len && data[at] && strchr(BLANKS, data[at]))
        at++;
    return at < len && (data[at] == '+' || data[at] == '-');
}

static void begin_anew(struct list_text *list)
{
    buffer_clear(&list->text);
    list->acted = list->scanned = 0;
    list->acted_lines = 0;
    list->has_plain = false;
}

/* Does the write add to a line whose beginning fsync has applied already? */
static bool goes_on_with_acted(const struct list_text *list, const char *data, size_t len)
{
    size_t blanks = 0;
    if (list->acted == 0 || list->acted < list->text.len ||
        list->text.data[list->acted - 1] == '\n')
        return false;
    while (blanks < len && strchr(BLANKS, data[blanks]) && data[blanks])
        blanks++;
    return blanks < len && data[blanks] != '\n';
}

/* A hole reads as NUL bytes, as in any file. */
static int grow(struct list_text *list, size_t len)
{
    static const char zeroes[4096];
    int err = len > list->text.max ? -EFBIG : 0;
    while (!err && list->text.len < len) {
        size_t more = len - list->text.len;
        err = buffer_add(&list->text, zeroes, more < sizeof zeroes ? more : sizeof zeroes);
    }
    return err;
}

static int put(struct list_text *list, const char *data, size_t len, size_t at)
{
    int err = grow(list, at);
    size_t over = list->text.len - (err ? list->text.len : at);
    if (err)
        return err;
    if (over > len)
        over = len;
    err = buffer_add(&list->text, data + over, len - over);
    if (!err && over > 0)
        memcpy(list->text.data + at, data, over);
    return err;
}

int list_text_write(struct list_text *list, const char *data, size_t len,
    const uint64_t *offset, struct list_problem *ret_problem)
{
    size_t end = list->text.len, at = end;

    if (offset && !list->additions)
        at = *offset > LIST_TEXT_MAX ? LIST_TEXT_MAX + 1 : (size_t)*offset;
    bool all_acted = list->acted > 0 && list->acted == end;
    if (at == 0 && (all_acted || begins_changes(list, data, len))) {
        begin_anew(list);
        end = 0;
    }
    list->written_at = end;
    *ret_problem = (struct list_problem){.line = list->acted_lines + 1};
    if (list->acted > 0 && at != end)
        ret_problem->text = "lines with a sign have acted, and cannot be written over";
    else if (goes_on_with_acted(list, data, len))
        ret_problem->text = "a line goes on that was applied already";
    if (ret_problem->text)
        return -EINVAL;
    int err = put(list, data, len, at);
    if (err)
        return err;
    if (at < list->scanned)
        look_again(list);
    list->dirty |= len > 0;
    list->in_midst = at + len < list->text.len;
    return 0;
}

void list_text_keep(struct list_text *list)
{
    list->written_at = list->text.len;
}

void list_text_take_back(struct list_text *list)
{
    const char *text = list->text.data;
    size_t offset = list->written_at;
    if (offset >= list->text.len || list->acted < list->text.len)
        return;
    list->acted_lines -= count_lines(text + offset, text + list->acted);
    list->text.len = list->acted = list->scanned = offset;
    list->text.data[offset] = '\0';
}

int list_text_truncate(struct list_text *list, uint64_t len)
{
    if (len == 0) {
        buffer_clear(&list->text);
        look_again(list);
        list->acted = list->acted_lines = 0;
        list->additions = list->dirty = false;
        return 0;
    }
    if (len == list->text.len)
        return 0;
    if (list->acted > 0 || list->additions)
        return -EINVAL;
    if (len < list->text.len) {
        list->text.len = (size_t)len;
        list->text.data[len] = '\0';
    } else {
        int err = len > LIST_TEXT_MAX ? -EFBIG : grow(list, (size_t)len);
        if (err)
            return err;
    }
    look_again(list);
    list->dirty = true;
    return 0;
}

int list_text_take(
    struct list_text *list, bool all, struct list_piece *ret, struct list_problem *ret_problem)
{
    size_t end = list->text.len;

    *ret = (struct list_piece){.use = LIST_NOTHING};
    if (!list->dirty || (list->in_midst && !all))
        return 0;
    int err = look(list, ret_problem);
    if (err)
        return err;
    if (list->additions || list->has_signed) {
        if (!all)
            end = list->scanned > list->acted ? list->scanned : list->acted;
        *ret = (struct list_piece){
            .use = end > list->acted ? LIST_CHANGES : LIST_NOTHING,
            .text = list->text.data + list->acted,
            .len = end - list->acted,
            .line = list->acted_lines + 1,
        };
        act_up_to(list, end);
        list->dirty = end < list->text.len;
    } else if (all) {
        *ret = (struct list_piece){LIST_REPLACES, list->text.data, end, 1};
        list->dirty = false;
    }
    return 0;
}
