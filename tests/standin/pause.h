/*
 * Waiting in the middle of a request: for a time, or until someone lets it go. Every wait
 * ends at once when the server stops.
 */
#ifndef STANDIN_PAUSE_H
#define STANDIN_PAUSE_H

#include <stdbool.h>

void pause_init(void);

/* False when the server stops meanwhile. */
bool pause_sleep(double ms);

enum pause_end {
    PAUSE_RELEASED,
    PAUSE_PEER_GONE,
    PAUSE_STOPPED,
};

/* Waits for pause_release(), or until the peer of the socket closes its side. */
enum pause_end pause_hang(int socket_fd);

/* Lets go all that hang now. */
void pause_release(void);

/* From now on nothing waits any more. */
void pause_stop(void);

#endif
