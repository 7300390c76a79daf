#include "base/descriptors.h"

#include <sys/resource.h>

#include "base/log.h"

/* The limit before descriptors_raise(); 0 before the first call. One variable for the whole
 * process, since the limit is the process's. */
static rlim_t given;

static void set_limit(rlim_t soft)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        log_debug("RLIMIT_NOFILE cannot be set");
}

void descriptors_raise(void)
{
    struct rlimit limit;
    if (!given && getrlimit(RLIMIT_NOFILE, &limit) == 0)
        given = limit.rlim_cur;
    set_limit(RLIM_INFINITY);
}

void descriptors_restore(void)
{
    if (given)
        set_limit(given);
}
