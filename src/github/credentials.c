#include "github/credentials.h"

#include <errno.h>

#include "github/client.h"

static void token_was_read(void *arg, int err)
{
    struct github *gh = arg;
    struct failure why;

    gh->token_reading = false;
    if (!err) {
        gh->token_generation++;
        waiters_finish(&gh->token_waiters, NULL);
        return;
    }
    failure_set(&why, err == -ETIMEDOUT ? -ETIMEDOUT : -EACCES,
        "the token was refused, and reading it again failed: %s", strerror(-err));
    waiters_finish(&gh->token_waiters, &why);
}

int credentials_reread_token(struct github *gh, unsigned generation, struct wait *wait)
{
    if (generation != gh->token_generation)
        return 0; /* somebody else had it read since */
    if (!gh->credentials.reread) {
        failure_set(&wait->failure, -EACCES, "the token was refused");
        return -EACCES;
    }
    if (!gh->token_reading) {
        uint64_t deadline_ms = loop_now_ms() + wait->deadline_ms - github_now_ms(gh);
        int err =
            gh->credentials.reread(gh->credentials.context, deadline_ms, token_was_read, gh);
        if (err) {
            failure_set(&wait->failure, -EACCES,
                "the token was refused, and reading it again failed: %s", strerror(-err));
            return -EACCES;
        }
        gh->token_reading = true;
    }
    wait_join(&gh->token_waiters, wait);
    return -EINPROGRESS;
}
