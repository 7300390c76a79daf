/*
 * free() and realloc() that wipe, for the whole process. libcurl, OpenSSL, nghttp2 and json-c
 * make copies of what passes through them (the token in a header), and freed memory would keep
 * those copies for whoever reads the memory later. Measured: with these two functions no copy
 * is found (evidence §3.6).
 *
 * Every library in the process calls the definitions here instead of the C library's. The C
 * library's own are reached under other names (glibc), or by the dynamic linker's RTLD_NEXT.
 * The build sets HEAP_WIPES where one of these ways exists. A build with sanitizers does not
 * wipe, since sanitizers bring an allocator of their own.
 */
#include "base/heap.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>

#include "base/text.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 /* gcc's name for the same thing */
#endif
#endif

#if HEAP_WIPES && !defined(__SANITIZE_ADDRESS__)

#ifdef __GLIBC__
void __libc_free(void *p);
#define libc_free __libc_free
#else
static void libc_free(void *p)
{
    static void (*_Atomic next)(void *); /* every thread finds the same function */
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

/* A block never shrinks in place, since the cut tail would not be wiped, and the C library
 * never moves a block, since the old copy would not be wiped. */
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

/* The size from which the C library maps each block by itself. If the program does not set the
 * size, glibc raises it to the largest block that was freed: answers of some hundred KiB would
 * then come from the heap, and leave holes there. */
#define MAPPED_FROM (128 * 1024)

bool heap_setup(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
#endif
#if HEAP_WIPES || defined(__SANITIZE_ADDRESS__)
    return true; /* only developers run a build with sanitizers */
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
