#include "base/buffer.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>

void buffer_init(struct buffer *b, size_t max)
{
    *b = (struct buffer){.max = max};
}

void buffer_release(struct buffer *b)
{
    free(b->data);
    buffer_init(b, b->max);
}

void buffer_clear(struct buffer *b)
{
    b->len = 0;
    if (b->data)
        b->data[0] = '\0';
}

/* Makes room for `more` bytes and the NUL. */
static int buffer_reserve(struct buffer *b, size_t more)
{
    assert(b->len <= b->max);
    if (more > b->max - b->len)
        return -EFBIG;
    size_t need = b->len + more + 1;
    if (need <= b->size)
        return 0;
    size_t size = b->size ? b->size : 64;
    while (size < need)
        size *= 2;
    if (size > b->max + 1)
        size = b->max + 1;
    char *data = realloc(b->data, size);
    if (!data)
        return -ENOMEM;
    b->data = data;
    b->size = size;
    return 0;
}

int buffer_add(struct buffer *b, const void *data, size_t len)
{
    int err = buffer_reserve(b, len);
    if (err)
        return err;
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
    return 0;
}

int buffer_add_string(struct buffer *b, const char *text)
{
    return buffer_add(b, text, strlen(text));
}

int buffer_printf(struct buffer *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        return -EINVAL;
    int err = buffer_reserve(b, (size_t)len);
    if (err)
        return err;
    va_start(args, format);
    vsnprintf(b->data + b->len, (size_t)len + 1, format, args);
    va_end(args);
    b->len += (size_t)len;
    return 0;
}

void buffer_drop(struct buffer *b, size_t len)
{
    assert(len <= b->len);
    if (len == 0)
        return;
    memmove(b->data, b->data + len, b->len - len + 1); /* the NUL too */
    b->len -= len;
}

char *buffer_steal(struct buffer *b)
{
    char *data = b->data;
    buffer_init(b, b->max);
    return data;
}
