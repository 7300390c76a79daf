#include "percent.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

char *percent_decode(const char *text, size_t size)
{
    char *out = xcalloc(1, size + 1), *end = out;

    for (size_t i = 0; i < size; i++) {
        int high, low;

        if (text[i] != '%') {
            *end++ = text[i];
            continue;
        }
        high = i + 2 < size ? hex_digit(text[i + 1]) : -1;
        low = i + 2 < size ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0 || high + low == 0) {
            free(out);
            return NULL;
        }
        *end++ = (char)(high * 16 + low);
        i += 2;
    }
    return out;
}

char *percent_encode(const char *text)
{
    char *out = xcalloc(3, strlen(text) + 1), *end = out;

    for (const char *c = text; *c; c++) {
        unsigned char byte = (unsigned char)*c;

        if (isascii(byte) && (isalnum(byte) || strchr("-._~", byte)))
            *end++ = *c;
        else
            end += sprintf(end, "%%%02X", byte);
    }
    return out;
}

char *percent_normalize_path(const char *path)
{
    char *out = xcalloc(3, strlen(path) + 1), *end = out;

    for (const char *at = path; *at;) {
        size_t size = strcspn(at, "/");
        char *decoded = percent_decode(at, size);
        char *encoded;

        if (!decoded) {
            free(out);
            return NULL;
        }
        encoded = percent_encode(decoded);
        end = stpcpy(end, encoded);
        free(encoded);
        free(decoded);
        at += size;
        if (*at)
            *end++ = *at++;
    }
    return out;
}
