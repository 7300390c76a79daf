/*
 * The HTTP server: connections, and requests and answers on the wire. A thread for each
 * connection, on the loopback interface only.
 */
#ifndef STANDIN_SERVER_H
#define STANDIN_SERVER_H

#include <stdint.h>

#include "standin.h"

struct server;

/* Port 0 is any free one. NULL when the port can't be had; errno tells why. */
struct server *server_start(struct standin *standin, uint16_t port);

uint16_t server_port(const struct server *server);

/* Ends all connections, also those that hang, and frees the server. */
void server_stop(struct server *server);

#endif
