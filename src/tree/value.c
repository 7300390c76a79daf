#include "tree/value.h"

#include <errno.h>

int value_init(struct value *value, size_t max)
{
    *value = (struct value){0};
    int err = locked_init(&value->bytes, max);
    if (err)
        return err;
    /* The first page now: when no memory can be locked, that is open's error. */
    err = locked_resize(&value->bytes, 1);
    if (!err)
        err = locked_resize(&value->bytes, 0);
    if (err)
        value_release(value);
    return err;
}

void value_release(struct value *value)
{
    locked_release(&value->bytes);
    *value = (struct value){0};
}

int value_write(struct value *value, const void *data, size_t len, uint64_t offset)
{
    struct locked *bytes = &value->bytes;

    if (value->spoilt)
        return value->spoilt;
    int err = 0;
    if (offset > bytes->len && !value->sparse)
        err = -EINVAL;
    else if (offset > bytes->max || len > bytes->max - offset)
        err = -EFBIG;
    else if (offset + len > bytes->len)
        err = locked_resize(bytes, offset + len);
    if (err) {
        value->spoilt = err;
        return err;
    }
    if (len) {
        memcpy(bytes->data + offset, data, len);
        value->dirty = true;
    }
    return 0;
}

void value_clear(struct value *value)
{
    locked_clear(&value->bytes);
    value->spoilt = 0;
    value->dirty = false;
}

int value_truncate(struct value *value, uint64_t len)
{
    if (len == 0) {
        value_clear(value);
        return 0;
    }
    if (value->sparse)
        return len > value->bytes.max ? -EFBIG : locked_resize(&value->bytes, len);
    return len == value->bytes.len ? 0 : -EINVAL;
}

/* Length of the value's one line without its end; the whole length if it has several. */
static size_t length_without_newline(const unsigned char *data, size_t len)
{
    if (len == 0 || data[len - 1] != '\n')
        return len;
    if (memchr(data, '\n', len - 1))
        return len;
    len--;
    return len > 0 && data[len - 1] == '\r' ? len - 1 : len;
}

int value_payload(
    const struct value *value, enum newline newline, const unsigned char **ret, size_t *ret_len)
{
    if (value->spoilt)
        return value->spoilt;
    size_t len = value->bytes.len;
    if (newline == NEWLINE_AUTO)
        len = length_without_newline(value->bytes.data, len);
    if (len > SECRET_VALUE_MAX)
        return -EFBIG;
    *ret = value->bytes.data;
    *ret_len = len;
    return 0;
}

const char *value_problem(const struct value *value, int err)
{
    if (err == -EINVAL)
        return "the value has a hole: it was not written from its beginning on";
    if (err != -EFBIG)
        return "no more memory can be locked for the value";
    if (!value->spoilt) /* it could be kept, but not sent */
        return "the value is longer than GitHub's 48 KiB";
    return value->bytes.max == VALUE_MAX_BULK      ? "the file is longer than 1 MiB"
           : value->bytes.max == VALUE_MAX_STAGING ? "a staging file has at most 256 KiB"
                                                   : "the value is longer than GitHub's 48 KiB";
}
