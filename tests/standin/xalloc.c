#include "xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *present(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

void *xcalloc(size_t count, size_t size)
{
    return present(calloc(count, size));
}

void *xrealloc(void *old, size_t size)
{
    return present(realloc(old, size));
}

char *xmemdup(const void *bytes, size_t size)
{
    char *copy = xcalloc(1, size + 1);

    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

char *xstrdup(const char *text)
{
    return present(strdup(text));
}

char *xstrlower(const char *text)
{
    char *copy = xstrdup(text);

    for (char *c = copy; *c; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    }
    return copy;
}

char *xprintf(const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        abort();
    va_end(args);
    return text;
}
