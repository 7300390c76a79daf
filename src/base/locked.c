#include "base/locked.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* One account for the whole process, since the kernel's limit is the process's. */
static size_t total_max = LOCKED_TOTAL_MAX;
static size_t total_used;

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t round_up(size_t n)
{
    return (n + page_size() - 1) / page_size() * page_size();
}

/* Locking pages is a surer way to know than RLIMIT_MEMLOCK: the limit does not hold for root
 * and CAP_IPC_LOCK, and other locked pages of the process count as well. */
static bool can_lock(size_t len)
{
    void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return false;
    bool ok = mlock(p, len) == 0;
    munmap(p, len);
    return ok;
}

size_t locked_setup(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_MEMLOCK, &limit);
    }
    size_t most = LOCKED_TOTAL_MAX;
    while (most >= page_size() && !can_lock(most))
        most /= 2;
    total_max = most < page_size() ? 0 : most;
    return total_max;
}

size_t locked_in_use(void)
{
    return total_used;
}

int locked_init(struct locked *b, size_t max)
{
    size_t reserved = round_up(max) + 2 * page_size();
    *b = (struct locked){0};
    unsigned char *p =
        mmap(NULL, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return -ENOMEM;
    b->data = p + page_size();
    b->max = max;
    return 0;
}

void locked_clear(struct locked *b)
{
    if (b->committed) {
        sodium_munlock(b->data, b->committed); /* wipes */
        (void)madvise(b->data, b->committed, MADV_DONTNEED);
        (void)mprotect(b->data, b->committed, PROT_NONE);
        assert(total_used >= b->committed);
        total_used -= b->committed;
    }
    b->committed = 0;
    b->len = 0;
}

void locked_release(struct locked *b)
{
    if (!b->data)
        return;
    locked_clear(b);
    munmap(b->data - page_size(), round_up(b->max) + 2 * page_size());
    *b = (struct locked){0};
}

/* Locks pages up to `len`. */
static int locked_commit(struct locked *b, size_t len)
{
    size_t want = round_up(len);
    if (want <= b->committed)
        return 0;
    size_t more = want - b->committed;
    assert(total_used <= total_max);
    if (more > total_max - total_used)
        return -ENOMEM;
    unsigned char *p = b->data + b->committed;
    if (mprotect(p, more, PROT_READ | PROT_WRITE) != 0)
        return -ENOMEM;
    /* sodium_mlock() also leaves the pages out of core dumps (MADV_DONTDUMP). */
    if (sodium_mlock(p, more) != 0) {
        (void)mprotect(p, more, PROT_NONE);
        return -ENOMEM;
    }
    b->committed = want;
    total_used += more;
    return 0;
}

int locked_resize(struct locked *b, size_t len)
{
    if (len > b->max)
        return -EFBIG;
    int err = locked_commit(b, len);
    if (err)
        return err;
    assert(b->len <= b->committed && len <= b->committed);
    if (len < b->len)
        sodium_memzero(b->data + len, b->len - len);
    b->len = len;
    return 0;
}

int locked_add(struct locked *b, const void *data, size_t len)
{
    size_t at = b->len;
    if (len > b->max - at)
        return -EFBIG;
    int err = locked_resize(b, at + len);
    if (err)
        return err;
    if (len)
        memcpy(b->data + at, data, len);
    return 0;
}

void locked_wipe(void *data, size_t len)
{
    sodium_memzero(data, len);
}
