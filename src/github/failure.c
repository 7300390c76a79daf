#include "github/failure.h"

#include <stdarg.h>

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
