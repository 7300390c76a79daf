#include "nodes/value.h"

#include <errno.h>

/* Where a file system has no fallocate, glibc's posix_fallocate writes single zero bytes at
 * this distance, if st_blksize is at least as large: sysdeps/posix/posix_fallocate.c; see
 * evidence §2.15. */
#define PROBE_DISTANCE 4096

int value_init(struct value *value, size_t max)
{
    *value = (struct value){0};
    int err = locked_init(&value->bytes, max);
    if (err)
        return err;
    /* Locks the first page now, so that a failure to lock memory is an error of open. */
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
    free(value->written);
    *value = (struct value){0};
}

void value_limit(struct value *value, enum newline newline)
{
    value->is_secret = true;
    value->newline = newline;
}

/* The length without the line end, if the value is one line; else the whole length. */
static size_t length_without_newline(const unsigned char *data, size_t len)
{
    if (len == 0 || data[len - 1] != '\n')
        return len;
    if (memchr(data, '\n', len - 1))
        return len;
    len--;
    return len > 0 && data[len - 1] == '\r' ? len - 1 : len;
}

/* Only a line end that is not sent may go beyond the limit; "\r" and "\n" may come in two
 * writes. */
static bool is_too_long(const struct value *value)
{
    const unsigned char *data = value->bytes.data;
    size_t len = value->bytes.len;

    if (!value->is_secret || len <= SECRET_VALUE_MAX)
        return false;
    if (value->newline == NEWLINE_KEEP)
        return true;
    bool may_go_on =
        len == SECRET_VALUE_MAX + 1 && data[len - 1] == '\r' && !memchr(data, '\n', len);
    return !may_go_on && length_without_newline(data, len) > SECRET_VALUE_MAX;
}

static int note_hole(struct value *value)
{
    if (value->written)
        return 0;
    value->written = calloc(1, value->bytes.max);
    if (!value->written)
        return -ENOMEM;
    memset(value->written, 1, value->bytes.len);
    return 0;
}

static int put_bytes(struct value *value, const void *data, size_t len, uint64_t offset)
{
    struct locked *bytes = &value->bytes;
    int err = 0;

    if (offset > bytes->max || len > bytes->max - offset)
        return -EFBIG;
    if (len == 0)
        return 0;
    if (offset > bytes->len && !value->sparse)
        err = note_hole(value);
    if (!err && offset + len > bytes->len)
        err = locked_resize(bytes, offset + len);
    if (err)
        return err;
    memcpy(bytes->data + offset, data, len);
    if (value->written)
        memset(value->written + offset, 1, len);
    value->dirty = true;
    return 0;
}

static void cut_off(struct value *value, size_t len)
{
    (void)!locked_resize(&value->bytes, len); /* a shorter length cannot fail */
    if (value->written)
        memset(value->written + len, 0, value->bytes.max - len);
}

int value_write(struct value *value, const void *data, size_t len, uint64_t offset)
{
    size_t old_len = value->bytes.len, last = value->probe.last;
    bool is_probe = len == 1 && *(const char *)data == '\0' && offset > old_len;
    bool goes_on = is_probe && last && offset == last + PROBE_DISTANCE;

    if (value->spoilt)
        return value->spoilt;
    if (is_probe && !goes_on)
        value->probe.from = old_len;
    int err = put_bytes(value, data, len, offset);
    if (!err && is_too_long(value))
        err = -EFBIG;
    value->probe.last = is_probe && !err ? offset : 0;
    if (err == -EFBIG && goes_on) /* posix_fallocate fails: its earlier probes were no data */
        cut_off(value, value->probe.from);
    else
        value->spoilt = err;
    return err;
}

static void wipe(struct value *value)
{
    locked_clear(&value->bytes);
    free(value->written);
    value->written = NULL;
    value->dirty = false;
    value->probe.last = 0;
}

void value_clear(struct value *value)
{
    wipe(value);
    value->spoilt = 0;
}

void value_drop(struct value *value)
{
    wipe(value);
    value->spoilt = -ECANCELED;
}

bool value_has_hole(const struct value *value)
{
    return value->written && memchr(value->written, 0, value->bytes.len);
}

static bool is_zeroes(const unsigned char *data, size_t len)
{
    while (len > 0 && data[len - 1] == 0)
        len--;
    return len == 0;
}

/* A writer that sets the length means holes to be zeroes. */
static int set_length(struct value *value, size_t len)
{
    struct locked *bytes = &value->bytes;

    if (len > (value->is_secret ? SECRET_VALUE_MAX : bytes->max))
        return -EFBIG;
    int err = locked_resize(bytes, len);
    if (err)
        return err;
    if (value->written) {
        memset(value->written, 1, len);
        memset(value->written + len, 0, bytes->max - len);
    }
    value->dirty = true;
    return 0;
}

int value_truncate(struct value *value, uint64_t len)
{
    struct locked *bytes = &value->bytes;

    value->probe.last = 0;
    if (len == 0) {
        value_clear(value);
        return 0;
    }
    if (value->sparse)
        return len > bytes->max ? -EFBIG : locked_resize(bytes, len);
    if (value->spoilt)
        return value->spoilt;
    if (len == bytes->len && !value_has_hole(value))
        return 0;
    if (len < bytes->len && !is_zeroes(bytes->data + len, bytes->len - len))
        return -EINVAL;
    if (value->starts_empty)
        return set_length(value, len);
    if (len > bytes->len)
        return -EINVAL;
    cut_off(value, len);
    return 0;
}

int value_payload(
    const struct value *value, enum newline newline, const unsigned char **ret, size_t *ret_len)
{
    if (value->spoilt)
        return value->spoilt;
    if (value_has_hole(value))
        return -EINVAL;
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
        return "the value has a hole: a part of it was never written";
    if (err == -ECANCELED)
        return "its writer failed: write it anew";
    if (err == -EMFILE || err == -ENFILE)
        return "out of file descriptors: the processes that write cannot be looked at";
    if (err != -EFBIG)
        return "no more memory can be locked for the value";
    if (!value->spoilt) /* the value fits here, but is too long to be sent */
        return "the value is longer than GitHub's 48 KiB";
    return value->bytes.max == VALUE_MAX_BULK      ? "the file is longer than 1 MiB"
           : value->bytes.max == VALUE_MAX_STAGING ? "a staging file has at most 256 KiB"
                                                   : "the value is longer than GitHub's 48 KiB";
}
