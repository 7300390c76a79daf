/* A distance between a client and a server on one machine.
 *
 *     distance PORT
 *
 * Forwards connections to 127.0.0.1:PORT, and delays what it forwards as a long line would:
 * all bytes take half a round trip each way, and the first bytes of a client one round trip
 * more, for the handshake of TCP that it has not really made. TLS and HTTP wait as they would
 * for a server that far away. Bandwidth is not limited.
 *
 * Prints its own port. Each line on standard input is answered with the connections and bytes
 * so far; a number on that line is the round trip from now on, in microseconds. Ends when
 * standard input does. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK_MAX 65536
#define NEVER UINT64_MAX

/* Bytes on their way; none are the end of the stream. */
struct chunk {
    struct chunk *next;
    uint64_t due_ns;
    size_t size, sent;
    char data[];
};

/* One direction of a connection. */
struct stream {
    int from, to;
    struct chunk *first, **last;
    bool read_ended, ended; /* nothing more to read; nothing more to deliver */
    bool blocked;           /* the receiver takes no more at present */
    uint64_t *bytes;        /* where they are counted */
};

struct line {
    struct stream up, down;
    uint64_t open_ns; /* when the handshake of TCP is over */
    struct line *next;
};

struct distance {
    int listener;
    struct sockaddr_in server;
    uint64_t round_trip_ns;
    uint64_t connections, bytes_up, bytes_down;
    struct line *lines;
    unsigned line_count;
};

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "distance: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static void set_up_socket(int fd)
{
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(fd, F_SETFL, O_NONBLOCK);
}

static void stream_init(struct stream *stream, int from, int to, uint64_t *bytes)
{
    *stream = (struct stream){.from = from, .to = to, .bytes = bytes};
    stream->last = &stream->first;
}

static void stream_release(struct stream *stream)
{
    while (stream->first) {
        struct chunk *chunk = stream->first;
        stream->first = chunk->next;
        free(chunk);
    }
}

static void accept_line(struct distance *d)
{
    int client = accept4(d->listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0)
        return;
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct line *line = calloc(1, sizeof *line);
    if (server < 0 || !line)
        die("a connection");
    if (connect(server, (struct sockaddr *)&d->server, sizeof d->server) != 0)
        die("the server");
    set_up_socket(client);
    set_up_socket(server);
    stream_init(&line->up, client, server, &d->bytes_up);
    stream_init(&line->down, server, client, &d->bytes_down);
    line->open_ns = now_ns() + d->round_trip_ns;
    line->next = d->lines;
    d->lines = line;
    d->line_count++;
    d->connections++;
}

/* A peer that breaks the connection has ended its stream as well. */
static void stream_read(
    const struct distance *d, const struct line *line, struct stream *stream)
{
    static char data[CHUNK_MAX];
    ssize_t n = read(stream->from, data, sizeof data);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    size_t size = n > 0 ? (size_t)n : 0;
    struct chunk *chunk = malloc(sizeof *chunk + size);
    if (!chunk)
        die("memory");
    uint64_t now = now_ns();
    uint64_t sent_ns = now > line->open_ns ? now : line->open_ns;
    *chunk = (struct chunk){.due_ns = sent_ns + d->round_trip_ns / 2, .size = size};
    memcpy(chunk->data, data, size);
    *stream->last = chunk;
    stream->last = &chunk->next;
    stream->read_ended = size == 0;
    *stream->bytes += size;
}

static void stream_drop_first(struct stream *stream)
{
    struct chunk *chunk = stream->first;

    stream->first = chunk->next;
    if (!stream->first)
        stream->last = &stream->first;
    free(chunk);
}

/* Hands over what has arrived; false when the receiver has gone. */
static bool stream_deliver(struct stream *stream, uint64_t now)
{
    stream->blocked = false;
    while (stream->first && stream->first->due_ns <= now) {
        struct chunk *chunk = stream->first;
        if (chunk->size == 0) {
            shutdown(stream->to, SHUT_WR);
            stream->ended = true;
        }
        while (chunk->sent < chunk->size) {
            ssize_t n = write(stream->to, chunk->data + chunk->sent, chunk->size - chunk->sent);
            if (n < 0 && errno == EAGAIN) {
                stream->blocked = true;
                return true;
            }
            if (n < 0)
                return false;
            chunk->sent += (size_t)n;
        }
        stream_drop_first(stream);
    }
    return true;
}

static void line_free(struct line *line)
{
    close(line->up.from);
    close(line->up.to);
    stream_release(&line->up);
    stream_release(&line->down);
    free(line);
}

static void deliver_all(struct distance *d)
{
    uint64_t now = now_ns();

    for (struct line **at = &d->lines; *at;) {
        struct line *line = *at;
        bool good = stream_deliver(&line->up, now) && stream_deliver(&line->down, now);
        if (good && !(line->up.ended && line->down.ended)) {
            at = &line->next;
            continue;
        }
        *at = line->next;
        line_free(line);
        d->line_count--;
    }
}

static uint64_t next_due_ns(const struct distance *d)
{
    uint64_t due = NEVER;

    for (const struct line *line = d->lines; line; line = line->next) {
        const struct stream *both[] = {&line->up, &line->down};
        for (size_t i = 0; i < 2; i++)
            if (both[i]->first && !both[i]->blocked && both[i]->first->due_ns < due)
                due = both[i]->first->due_ns;
    }
    return due;
}

/* A socket is read for one stream and written for the other. */
static struct pollfd interest(const struct stream *in, const struct stream *out)
{
    short events = 0;

    if (!in->read_ended)
        events |= POLLIN;
    if (out->blocked)
        events |= POLLOUT;
    return (struct pollfd){.fd = events ? in->from : -1, .events = events};
}

static void wait_for_something(struct distance *d, struct pollfd *fds)
{
    struct timespec left, *timeout = NULL;
    uint64_t due = next_due_ns(d), now = now_ns();
    unsigned count = 2;

    fds[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = d->listener, .events = POLLIN};
    for (const struct line *line = d->lines; line; line = line->next) {
        fds[count++] = interest(&line->up, &line->down);
        fds[count++] = interest(&line->down, &line->up);
    }
    if (due != NEVER) {
        uint64_t ns = due > now ? due - now : 0;
        left = (struct timespec){(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
        timeout = &left;
    }
    if (ppoll(fds, count, timeout, NULL) < 0 && errno != EINTR)
        die("poll");
}

static void read_all(struct distance *d, const struct pollfd *fds)
{
    for (struct line *line = d->lines; line; line = line->next, fds += 2) {
        if (!line->up.read_ended && fds[0].revents)
            stream_read(d, line, &line->up);
        if (!line->down.read_ended && fds[1].revents)
            stream_read(d, line, &line->down);
    }
}

/* False at the end of standard input. */
static bool answer(struct distance *d)
{
    char text[64];
    ssize_t n = read(STDIN_FILENO, text, sizeof text - 1);

    if (n <= 0)
        return n < 0 && errno == EINTR;
    text[n] = '\0';
    if (text[0] != '\n')
        d->round_trip_ns = strtoull(text, NULL, 10) * 1000;
    printf("{\"connections\":%ju,\"up\":%ju,\"down\":%ju}\n", (uintmax_t)d->connections,
        (uintmax_t)d->bytes_up, (uintmax_t)d->bytes_down);
    fflush(stdout);
    return true;
}

static void start(struct distance *d, const char *port)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof own;

    d->server = own;
    d->server.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    d->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (d->listener < 0 || bind(d->listener, (struct sockaddr *)&own, sizeof own) != 0 ||
        listen(d->listener, SOMAXCONN) != 0 ||
        getsockname(d->listener, (struct sockaddr *)&own, &size) != 0)
        die("listen");
    printf("{\"port\":%u}\n", ntohs(own.sin_port));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct distance d = {0};
    bool running = true;

    if (argc != 2) {
        fprintf(stderr, "usage: distance PORT\n");
        return EXIT_FAILURE;
    }
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1UL);
    start(&d, argv[1]);
    while (running) {
        struct pollfd *fds = calloc(2 + 2 * d.line_count, sizeof *fds);
        if (!fds)
            die("memory");
        wait_for_something(&d, fds);
        read_all(&d, fds + 2);
        if (fds[0].revents)
            running = answer(&d);
        if (fds[1].revents)
            accept_line(&d);
        free(fds);
        deliver_all(&d);
    }
    while (d.lines) {
        struct line *line = d.lines;
        d.lines = line->next;
        line_free(line);
    }
    return EXIT_SUCCESS;
}
