#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "pause.h"
#include "seed.h"
#include "server.h"
#include "server_clock.h"

static const long LATENCY_MAX_MS = 3600000;

struct options {
    uint16_t port;
    double latency_ms;
    void (*seed)(struct state *state);
    bool until_eof;
};

static const char usage[] =
    "usage: github-standin [--port N] [--latency MS] [--seed demo|none] [--until-eof]\n"
    "\n"
    "A stand-in for GitHub's REST API on 127.0.0.1, for tests. Prints one line of JSON\n"
    "with its port, URL and pid when it is ready.\n"
    "\n"
    "  --port N       listen on this port (default: any free one)\n"
    "  --latency MS   wait so long before each answer\n"
    "  --seed NAME    demo (default): an organization, repositories and secrets;\n"
    "                 none: only the token's user\n"
    "  --until-eof    end when standard input does\n";

static bool read_number(const char *text, long max, long *ret)
{
    char *end;
    long number;

    errno = 0;
    number = strtol(text, &end, 10);
    if (errno || end == text || *end || number < 0 || number > max)
        return false;
    *ret = number;
    return true;
}

static bool read_seed(const char *name, struct options *options)
{
    if (strcmp(name, "demo") == 0)
        options->seed = seed_demo;
    else if (strcmp(name, "none") == 0)
        options->seed = seed_none;
    else
        return false;
    return true;
}

static void read_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"port", required_argument, NULL, 'p'},
        {"latency", required_argument, NULL, 'l'},
        {"seed", required_argument, NULL, 's'},
        {"until-eof", no_argument, NULL, 'e'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;
    long number = 0;
    bool good = true;

    while (good && (option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        switch (option) {
        case 'p':
            good = read_number(optarg, UINT16_MAX, &number);
            options->port = (uint16_t)number;
            break;
        case 'l':
            good = read_number(optarg, LATENCY_MAX_MS, &number);
            options->latency_ms = (double)number;
            break;
        case 's':
            good = read_seed(optarg, options);
            break;
        case 'e':
            options->until_eof = true;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(EXIT_SUCCESS);
        default:
            good = false;
        }
    }
    if (!good || optind < argc) {
        fputs(usage, stderr);
        exit(EXIT_FAILURE);
    }
}

/* The signals that end the server, as a descriptor; no thread gets them. */
static int block_signals(void)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static bool input_ended(void)
{
    char bytes[256];
    ssize_t size = read(STDIN_FILENO, bytes, sizeof(bytes));

    return size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN);
}

static void wait_for_end(int signal_fd, bool until_eof)
{
    struct pollfd fds[] = {
        {.fd = signal_fd, .events = POLLIN},
        {.fd = until_eof ? STDIN_FILENO : -1, .events = POLLIN},
    };

    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return;
        if (fds[0].revents || (fds[1].revents && input_ended()))
            return;
    }
}

int main(int argc, char **argv)
{
    struct options options = {.seed = seed_demo};
    struct standin standin;
    struct server *server;
    int signal_fd;

    read_options(argc, argv, &options);
    if (sodium_init() < 0)
        return EXIT_FAILURE;
    clock_start();
    pause_init();
    signal_fd = block_signals();
    state_init(&standin.state);
    faults_init(&standin.faults);
    journal_init(&standin.journal);
    options.seed(&standin.state);
    standin.state.config.latency_ms = options.latency_ms;
    server = server_start(&standin, options.port);
    if (!server) {
        fprintf(stderr, "github-standin: can't listen on port %u: %s\n", options.port,
            strerror(errno));
        return EXIT_FAILURE;
    }
    printf("{\"port\":%u,\"url\":\"http://127.0.0.1:%u\",\"pid\":%d}\n", server_port(server),
        server_port(server), (int)getpid());
    fflush(stdout);
    wait_for_end(signal_fd, options.until_eof);
    server_stop(server);
    journal_release(&standin.journal);
    faults_release(&standin.faults);
    state_release(&standin.state);
    return EXIT_SUCCESS;
}
