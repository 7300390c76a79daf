#include "program/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

/* The process in front: exits when the child has started, or has ended without. */
__attribute__((noreturn)) static void wait_in_front(pid_t child, int fd)
{
    char byte;
    ssize_t n;
    int status;

    do
        n = read(fd, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n == 1)
        _exit(0);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

int daemon_start(struct daemon *daemon)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) != 0)
        return -errno;
    pid_t child = fork();
    if (child < 0) {
        int err = -errno;
        close(fds[0]);
        close(fds[1]);
        return err;
    }
    if (child > 0) {
        close(fds[1]);
        wait_in_front(child, fds[0]);
    }
    close(fds[0]);
    daemon->ready_fd = fds[1];
    /* Once Ctrl-C or a kill has ended the process in front, nobody waits for this start. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    return 0;
}

void daemon_stay(struct daemon *daemon)
{
    daemon->ready_fd = -1;
}

void daemon_ready(struct daemon *daemon)
{
    if (daemon->ready_fd < 0)
        return;
    prctl(PR_SET_PDEATHSIG, 0);
    setsid();
    if (chdir("/") != 0)
        log_warning("chdir /: %s", strerror(errno));
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        log_to_syslog(LOG_SYSLOG_PATH);
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        close(null);
    }
    (void)!write(daemon->ready_fd, "", 1);
    close(daemon->ready_fd);
    daemon->ready_fd = -1;
}
