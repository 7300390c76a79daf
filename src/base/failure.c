#include "base/failure.h"

#include <stdarg.h>
#include <time.h>

#include "base/text.h"

void failure_set(struct failure *f, int err, const char *format, ...)
{
    char message[FAILURE_MESSAGE_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    *f = (struct failure){.err = err};
    text_printable(f->message, sizeof f->message, message, strlen(message));
}

void failure_tell_end(struct failure *f, uint64_t wait_ms)
{
    char words[FAILURE_MESSAGE_SIZE - 50], until[24];

    text_from_time(until, (int64_t)time(NULL) + (int64_t)(wait_ms + 999) / 1000);
    text_printable(words, sizeof words, f->message, strlen(f->message));
    snprintf(f->message, sizeof f->message, "%s; try again after %s", words, until);
}
