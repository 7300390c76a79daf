/*
 * One request and its answer, with whatever misbehaviour is ordered for them.
 */
#ifndef STANDIN_HTTP_EXCHANGE_H
#define STANDIN_HTTP_EXCHANGE_H

#include "standin.h"

/* How the exchange is to end. */
enum exchange_end {
    EXCHANGE_ANSWER, /* send the reply */
    EXCHANGE_RESET,  /* break the connection with RST */
    EXCHANGE_DROP,   /* close it; nobody waits for an answer */
};

struct exchange {
    struct standin *standin;
    struct request *request;
    struct journal_entry *entry; /* NULL for control requests */
    const struct fault *fault;   /* NULL: behaves */
    struct reply reply;
};

struct exchange *exchange_new(struct standin *standin, const char *target);

/* The method and headers are there; the body may follow. */
void exchange_begin(struct exchange *exchange, unsigned connection);

/* The request is complete. May take long; socket_fd tells whether the client still waits. */
enum exchange_end exchange_run(struct exchange *exchange, int socket_fd);

/* Ends and frees it. NULL is allowed. */
void exchange_free(struct exchange *exchange);

#endif
