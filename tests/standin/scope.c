#include "scope.h"

#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

static char *upper_case(const char *name)
{
    char *copy = xstrdup(name);

    for (char *c = copy; *c; c++) {
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    }
    return copy;
}

struct scope *scope_new(char *path, size_t limit)
{
    struct scope *scope = xcalloc(1, sizeof(*scope));

    scope->path = path;
    scope->key = xstrlower(path);
    scope->limit = limit;
    scope_rotate(scope, false);
    return scope;
}

static void free_secret(struct secret *secret)
{
    while (secret->latest) {
        struct secret_version *version = secret->latest;

        secret->latest = version->older;
        sharing_release(&version->sharing);
        free(version);
    }
    free(secret->name);
    free(secret->value);
    free(secret);
}

void scope_free(struct scope *scope)
{
    struct secret *secret, *next;

    HASH_ITER(hh, scope->secrets, secret, next)
    {
        HASH_DEL(scope->secrets, secret);
        free_secret(secret);
    }
    free(scope->path);
    free(scope->key);
    free(scope);
}

void scope_rotate(struct scope *scope, bool keep_id)
{
    crypto_box_keypair(scope->public_key, scope->secret_key);
    if (keep_id)
        return;
    /* A leading zero, which a client that takes the id for a number loses. */
    scope->key_id[0] = '0';
    for (size_t i = 1; i < SCOPE_KEY_ID_SIZE - 1; i++)
        scope->key_id[i] = (char)('0' + randombytes_uniform(10));
}

const struct secret_version *secret_at(const struct secret *secret, double ms)
{
    const struct secret_version *version = secret->latest;

    while (version && version->since_ms >= 0 && version->since_ms > ms)
        version = version->older;
    return version && version->exists ? version : NULL;
}

bool secret_exists(const struct secret *secret)
{
    return secret->latest && secret->latest->exists;
}

struct secret *scope_secret(struct scope *scope, const char *name)
{
    char *upper = upper_case(name);
    struct secret *secret;

    HASH_FIND_STR(scope->secrets, upper, secret);
    free(upper);
    return secret;
}

size_t scope_count(const struct scope *scope)
{
    size_t count = 0;

    for (const struct secret *s = scope->secrets; s; s = s->hh.next)
        count += secret_exists(s);
    return count;
}

unsigned char *scope_open_box(
    const struct scope *scope, const unsigned char *box, size_t size, size_t *ret_size)
{
    unsigned char *value;

    if (size < crypto_box_SEALBYTES)
        return NULL;
    value = xcalloc(1, size - crypto_box_SEALBYTES + 1);
    if (crypto_box_seal_open(value, box, size, scope->public_key, scope->secret_key) != 0) {
        free(value);
        return NULL;
    }
    *ret_size = size - crypto_box_SEALBYTES;
    return value;
}

static struct secret *find_or_add(struct scope *scope, const char *name)
{
    struct secret *secret = scope_secret(scope, name);

    if (!secret) {
        secret = xcalloc(1, sizeof(*secret));
        secret->name = upper_case(name);
        HASH_ADD_KEYPTR(hh, scope->secrets, secret->name, strlen(secret->name), secret);
    }
    return secret;
}

static void push_version(struct secret *secret, struct secret_version next)
{
    struct secret_version *version = xcalloc(1, sizeof(*version));

    *version = next;
    version->older = secret->latest;
    secret->latest = version;
}

static void set_value(struct secret *secret, unsigned char *value, size_t size)
{
    free(secret->value);
    secret->value = value;
    secret->size = size;
}

void scope_write(struct scope *scope, const char *name, unsigned char *value, size_t size,
    struct sharing sharing, time_t now, double now_ms)
{
    struct secret *secret = find_or_add(scope, name);
    bool update = secret_exists(secret);

    set_value(secret, value, size);
    secret->writes++;
    push_version(secret, (struct secret_version){.since_ms = now_ms,
                             .exists = true,
                             .created_at = update ? secret->latest->created_at : now,
                             .updated_at = now,
                             .sharing = sharing});
}

void scope_seed(struct scope *scope, const char *name, const char *value,
    struct sharing sharing, time_t created_at, time_t updated_at)
{
    struct secret *secret = find_or_add(scope, name);

    set_value(secret, (unsigned char *)xstrdup(value), strlen(value));
    push_version(secret, (struct secret_version){.since_ms = -1,
                             .exists = true,
                             .created_at = created_at,
                             .updated_at = updated_at,
                             .sharing = sharing});
}

void secret_share(struct secret *secret, struct sharing sharing, time_t now, double now_ms)
{
    push_version(secret, (struct secret_version){.since_ms = now_ms,
                             .exists = true,
                             .created_at = secret->latest->created_at,
                             .updated_at = now,
                             .sharing = sharing});
}

void scope_delete(struct secret *secret, double now_ms)
{
    set_value(secret, NULL, 0);
    push_version(secret, (struct secret_version){.since_ms = now_ms});
}
