#include "github/credentials.h"

#include <assert.h>
#include <errno.h>

#include "github/client.h"

/* Contract §1.7: a refused token's command runs at most once a second, and ever more rarely. */
#define PAUSE_FIRST_MS 1000
#define PAUSE_MAX_MS 60000

static void token_was_read(void *arg, int err)
{
    struct github *gh = arg;
    struct failure why;

    assert(gh->token_reading);
    gh->token_reading = false;
    if (!err) {
        gh->token_generation++;
        limit_forget(&gh->limit); /* the limit was the old token's */
        waiters_finish(&gh->token_waiters, NULL);
        return;
    }
    failure_set(&why, err == -ETIMEDOUT ? -ETIMEDOUT : -EACCES,
        "the token was refused, and reading it again failed: %s",
        gh->credentials.problem(gh->credentials.context));
    waiters_finish(&gh->token_waiters, &why);
}

void credentials_accepted(struct github *gh, unsigned generation)
{
    if (generation == gh->token_generation && !gh->token_reading)
        gh->token_accepted = true;
}

/* In how many milliseconds the token may be read again. The pause is short after a token that
 * the server has accepted. */
static uint64_t pause_left(const struct github *gh)
{
    uint64_t now = loop_now_ms();
    uint64_t pause = gh->token_accepted ? PAUSE_FIRST_MS : gh->token_pause_ms;

    if (!gh->credentials.costly || gh->token_read_ms == 0 || now >= gh->token_read_ms + pause)
        return 0;
    return gh->token_read_ms + pause - now;
}

static void note_reading(struct github *gh)
{
    bool again = gh->token_read_ms && !gh->token_accepted;
    uint64_t pause = again ? 2 * gh->token_pause_ms : PAUSE_FIRST_MS;

    gh->token_pause_ms = pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS;
    gh->token_read_ms = loop_now_ms();
    gh->token_accepted = false;
}

static int start_reading(struct github *gh, struct wait *wait)
{
    uint64_t deadline_ms = loop_now_ms() + wait->deadline_ms - clock_now_ms(&gh->clock);
    uint64_t pause_ms = pause_left(gh);

    if (pause_ms > 0) {
        failure_set(&wait->failure, -EACCES,
            "the token was refused; it is read again in %u s at the earliest",
            (unsigned)(pause_ms / 1000 + 1));
        return -EACCES;
    }
    note_reading(gh);
    int err = gh->credentials.reread(gh->credentials.context, deadline_ms, token_was_read, gh);
    if (err) {
        failure_set(&wait->failure, -EACCES,
            "the token was refused, and reading it again failed: %s", strerror(-err));
        return -EACCES;
    }
    gh->token_reading = true;
    return 0;
}

int credentials_reread_token(struct github *gh, unsigned generation, struct wait *wait)
{
    if (generation != gh->token_generation)
        return 0; /* another request had the token read again meanwhile */
    if (!gh->credentials.reread) {
        failure_set(&wait->failure, -EACCES, "the token was refused");
        return -EACCES;
    }
    int err = gh->token_reading ? 0 : start_reading(gh, wait);
    if (err)
        return err;
    wait_join(&gh->token_waiters, wait);
    return -EINPROGRESS;
}
