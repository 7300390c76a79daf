#include "http_exchange.h"

#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "control.h"
#include "pause.h"
#include "xalloc.h"

struct exchange *exchange_new(struct standin *standin, const char *target)
{
    struct exchange *exchange = xcalloc(1, sizeof(*exchange));

    exchange->standin = standin;
    exchange->request = request_new(target);
    return exchange;
}

void exchange_begin(struct exchange *exchange, unsigned connection)
{
    if (!control_wants(exchange->request))
        exchange->entry =
            journal_begin(&exchange->standin->journal, exchange->request, connection);
}

void exchange_free(struct exchange *exchange)
{
    if (!exchange)
        return;
    if (exchange->entry)
        journal_end(&exchange->standin->journal, exchange->entry);
    reply_release(&exchange->reply);
    request_free(exchange->request);
    free(exchange);
}

static bool is(const struct exchange *exchange, enum fault_action action)
{
    return exchange->fault && exchange->fault->action == action;
}

static enum exchange_end before(const struct exchange *exchange, int socket_fd)
{
    const struct fault *fault = exchange->fault;

    if (is(exchange, FAULT_DELAY) && !pause_sleep(fault->ms))
        return EXCHANGE_DROP;
    if (is(exchange, FAULT_RESET_BEFORE))
        return EXCHANGE_RESET;
    if (is(exchange, FAULT_HANG) && !fault->after && pause_hang(socket_fd) != PAUSE_RELEASED)
        return EXCHANGE_DROP;
    return EXCHANGE_ANSWER;
}

static void answer(struct exchange *exchange)
{
    const struct fault *fault = exchange->fault;
    bool overrides = fault && fault->overrides;
    struct state *state = &exchange->standin->state;

    if (!overrides || fault->after)
        api_answer(state, exchange->request, &exchange->reply);
    if (overrides)
        fault_override(fault, &exchange->reply);
    api_decorate(state, exchange->request, &exchange->reply, !overrides);
    if (fault)
        fault_edit_headers(fault, &exchange->reply);
    /* An answer without a body can't be cut short. */
    if (is(exchange, FAULT_TRUNCATE) && exchange->reply.body_size == 0)
        reply_bytes(&exchange->reply, 200, "{}", 2);
}

static enum exchange_end after(const struct exchange *exchange, int socket_fd)
{
    if (is(exchange, FAULT_RESET_AFTER))
        return EXCHANGE_RESET;
    if (is(exchange, FAULT_HANG) && exchange->fault->after &&
        pause_hang(socket_fd) != PAUSE_RELEASED)
        return EXCHANGE_DROP;
    return EXCHANGE_ANSWER;
}

static double latency(struct state *state)
{
    double ms;

    pthread_mutex_lock(&state->lock);
    ms = state->config.latency_ms;
    pthread_mutex_unlock(&state->lock);
    return ms;
}

enum exchange_end exchange_run(struct exchange *exchange, int socket_fd)
{
    struct standin *standin = exchange->standin;
    enum exchange_end end;

    if (!exchange->entry) {
        control_answer(standin, exchange->request, &exchange->reply);
        return EXCHANGE_ANSWER;
    }
    exchange->fault = faults_match(&standin->faults, exchange->request);
    journal_received(&standin->journal, exchange->entry, exchange->request,
        exchange->fault ? exchange->fault->id : 0);
    if (!pause_sleep(latency(&standin->state)))
        return EXCHANGE_DROP;
    end = before(exchange, socket_fd);
    if (end != EXCHANGE_ANSWER)
        return end;
    answer(exchange);
    end = after(exchange, socket_fd);
    if (end == EXCHANGE_ANSWER)
        journal_answered(&standin->journal, exchange->entry, &exchange->reply);
    return end;
}
