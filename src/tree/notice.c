#include "tree/notice.h"

#include <unistd.h>

#include "base/process.h"
#include "base/text.h"

int notice_open(pid_t tid, uid_t uid)
{
    return uid == geteuid() ? process_open_stderr(process_group_of(tid)) : -1;
}

void notice_send(int fd, const char *name, const struct failure *why)
{
    char text[512], line[FAILURE_MESSAGE_SIZE];

    if (fd < 0)
        return;
    snprintf(text, sizeof text, "ghsecretfs: %s not stored: %s", name, why->message);
    text_printable(line, sizeof line - 1, text, strlen(text));
    size_t len = strlen(line);
    line[len] = '\n';
    /* A full pipe or a closed terminal: the line is in `errors` as well. */
    ssize_t n = write(fd, line, len + 1);
    (void)n;
}
