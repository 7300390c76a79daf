/* Runs a command and tells what it took: itself, and the children that it waited for.
 *
 *     launch FILE COMMAND [ARGUMENT...]
 *
 * FILE gets one object: seconds by the clock and of the processors, the largest process's
 * resident memory, the exit status. It is a program of its own because a child's peak memory
 * begins with that of the process that made it, and an interpreter's is not small. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds_of(const struct timeval *t)
{
    return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    int status;

    if (argc < 3) {
        fprintf(stderr, "usage: launch FILE COMMAND [ARGUMENT...]\n");
        return EXIT_FAILURE;
    }
    double started = seconds_now();
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) < 0) {
        perror("launch");
        return EXIT_FAILURE;
    }
    double wall = seconds_now() - started;
    FILE *out = fopen(argv[1], "w");
    if (!out) {
        perror(argv[1]);
        return EXIT_FAILURE;
    }
    fprintf(out, "{\"wall\":%.6f,\"cpu\":%.6f,\"resident_kb\":%ld,\"status\":%d}\n", wall,
        seconds_of(&usage.ru_utime) + seconds_of(&usage.ru_stime), usage.ru_maxrss,
        WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return fclose(out) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
