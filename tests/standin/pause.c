#include "pause.h"

#include <poll.h>
#include <pthread.h>
#include <time.h>

/* How long a peer that hung up may go unnoticed. */
static const double PEER_POLL_MS = 20;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static bool stopping;
static unsigned long releases;

void pause_init(void)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &attr);
    pthread_condattr_destroy(&attr);
}

static struct timespec deadline_in(double ms)
{
    struct timespec at;
    long nsec;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(ms / 1e3);
    nsec = at.tv_nsec + (long)((ms - (double)(long)(ms / 1e3) * 1e3) * 1e6);
    at.tv_sec += nsec / 1000000000;
    at.tv_nsec = nsec % 1000000000;
    return at;
}

bool pause_sleep(double ms)
{
    struct timespec until = deadline_in(ms > 0 ? ms : 0);
    bool go_on;

    pthread_mutex_lock(&lock);
    while (!stopping && ms > 0) {
        if (pthread_cond_timedwait(&changed, &lock, &until) != 0)
            break;
    }
    go_on = !stopping;
    pthread_mutex_unlock(&lock);
    return go_on;
}

static bool peer_gone(int socket_fd)
{
    struct pollfd fd = {.fd = socket_fd, .events = POLLRDHUP};

    return poll(&fd, 1, 0) > 0 && (fd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

enum pause_end pause_hang(int socket_fd)
{
    enum pause_end end = PAUSE_RELEASED;
    unsigned long at_start;

    pthread_mutex_lock(&lock);
    at_start = releases;
    while (releases == at_start) {
        struct timespec until = deadline_in(PEER_POLL_MS);

        if (stopping) {
            end = PAUSE_STOPPED;
            break;
        }
        if (peer_gone(socket_fd)) {
            end = PAUSE_PEER_GONE;
            break;
        }
        pthread_cond_timedwait(&changed, &lock, &until);
    }
    pthread_mutex_unlock(&lock);
    return end;
}

void pause_release(void)
{
    pthread_mutex_lock(&lock);
    releases++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void pause_stop(void)
{
    pthread_mutex_lock(&lock);
    stopping = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}
