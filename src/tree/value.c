#include "tree/value.h"

#include <errno.h>

#include "github/call.h"

/* A line end that will not be sent may come on top. */
#define STAGED_MAX (SECRET_VALUE_MAX + 2)

int value_init(struct value *value, enum newline newline, bool append)
{
    *value = (struct value){.newline = newline, .append = append};
    int err = locked_init(&value->bytes, STAGED_MAX);
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
    if (value->append)
        offset = bytes->len;
    int err = 0;
    if (offset > bytes->len)
        err = -EINVAL;
    else if (len > bytes->max - offset)
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

int value_truncate(struct value *value, uint64_t len)
{
    if (len == 0) {
        locked_clear(&value->bytes);
        value->spoilt = 0;
        value->dirty = false;
        return 0;
    }
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

int value_payload(struct value *value, const unsigned char **ret, size_t *ret_len)
{
    if (value->spoilt)
        return value->spoilt;
    size_t len = value->bytes.len;
    if (value->newline == NEWLINE_AUTO)
        len = length_without_newline(value->bytes.data, len);
    if (len > SECRET_VALUE_MAX) {
        value->spoilt = -EFBIG;
        return -EFBIG;
    }
    *ret = value->bytes.data;
    *ret_len = len;
    return 0;
}
