/*
 * free() and realloc() that wipe, for the whole process: libcurl, OpenSSL, nghttp2 and json-c
 * keep copies of what passes through them (the token in a header), and their freed memory would
 * keep them for whoever reads it later. Measured: with these, none is found
 * (evidence §3.6).
 *
 * The definitions here come before the C library's for every library in the process. glibc
 * keeps its own under other names; elsewhere the dynamic linker finds the next ones. The build
 * sets HEAP_WIPES where there is one or the other. Sanitizers bring their own allocator, so not
 * with them.
 */
#include "base/heap.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>

#include "base/text.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 /* as gcc says it */
#endif
#endif

#if HEAP_WIPES && !defined(__SANITIZE_ADDRESS__)

#ifdef __GLIBC__
void __libc_free(void *p);
#define libc_free __libc_free
#else
static void libc_free(void *p)
{
    static void (*_Atomic next)(void *); /* every thread would find the same */
    if (!next)
        next = (void (*)(void *))dlsym(RTLD_NEXT, "free");
    next(p);
}
#endif

void free(void *p)
{
    int err = errno;
    if (!p)
        return;
    explicit_bzero(p, malloc_usable_size(p));
    libc_free(p);
    errno = err;
}

/* Never in place where it would leave a tail, never moved by the C library, which would leave
 * the old copy. */
void *realloc(void *p, size_t size)
{
    if (!p)
        return malloc(size);
    size_t old = malloc_usable_size(p);
    if (size == 0) {
        free(p);
        return NULL;
    }
    if (size <= old && size >= old / 2)
        return p;
    void *q = malloc(size);
    if (!q)
        return NULL;
    memcpy(q, p, old < size ? old : size);
    free(p);
    return q;
}

#endif

/* Where the C library begins to map blocks by themselves. Naming it keeps it from growing with
 * the largest block that was freed: answers of some hundred KiB would then come from the heap,
 * and leave holes in it. */
#define MAPPED_FROM (128 * 1024)

bool heap_setup(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
#endif
#if HEAP_WIPES || defined(__SANITIZE_ADDRESS__)
    return true; /* what has sanitizers is nobody's but a developer's */
#else
    return false;
#endif
}

void heap_trim(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}
