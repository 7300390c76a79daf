#include "sync/listing.h"

#include <errno.h>
#include <utlist.h>

#include "github/call.h"
#include "github/url.h"
#include "nodes/merge.h"
#include "nodes/node.h"
#include "nodes/presence.h"
#include "nodes/tree.h"

/* Contract §3.6: a failed request is the answer to everybody for a second. */
#define FAILURE_TTL_MS 1000
/* How long an owner, repository or environment is believed to exist: owners and repositories
 * come and go rarely, and an operation below one that is gone fails by itself. */
#define CONTAINER_TTL_MS (5u * 60 * 1000)

/* A request for one name. */
struct probe {
    struct listing *listing;
    struct call *call;
    struct waiters waiters;
    struct probe *prev, *next;
    char name[];
};

struct listing {
    struct tree *tree;
    struct node *node;        /* the directory: referenced by each request under way */
    struct list *list;        /* the request for the whole listing; NULL: not under way */
    struct waiters waiters;   /* for `list` */
    struct failure failure;   /* of the last `list` that failed, */
    uint64_t failed_until_ms; /* which is the answer until this time of loop_now_ms() */
    struct probe *probes;     /* under way */
};

void listing_free(struct listing *listing)
{
    struct probe *probe, *next;
    if (!listing)
        return;
    list_cancel(listing->list);
    DL_FOREACH_SAFE(listing->probes, probe, next)
    {
        call_cancel(probe->call);
        free(probe);
    }
    free(listing);
}

static struct listing *listing_of(struct tree *tree, struct node *node)
{
    struct directory *dir = directory_of(node);
    if (dir && !dir->listing) {
        dir->listing = calloc(1, sizeof *dir->listing);
        if (dir->listing) {
            dir->listing->tree = tree;
            dir->listing->node = node;
        }
    }
    return dir ? dir->listing : NULL;
}

bool listing_is_fresh(const struct node *dir)
{
    return dir->dir && dir->dir->has_listing && loop_now_ms() < dir->dir->fresh_until_ms;
}

uint64_t listing_age(const struct tree *tree, const struct node *dir)
{
    if (!dir->dir || !dir->dir->has_listing)
        return UINT64_MAX;
    return loop_now_ms() - (dir->dir->fresh_until_ms - tree->options.cache_ttl_ms);
}

static bool listing_is_busy(const struct node *dir)
{
    const struct listing *listing = dir->dir ? dir->dir->listing : NULL;
    return listing && (listing->list || listing->probes);
}

/* The directory was not found, so a directory above may be gone as well: the next walk through
 * these directories asks the API again. */
static void doubt_containers(struct node *node)
{
    for (; node; node = node->parent)
        node->fresh_until_ms = 0;
}

/* The API's list of organizations lacks the token's own account, which is an owner too. */
static int add_login(struct tree *tree, const struct rows *rows, struct rows *ret)
{
    *ret = (struct rows){.count = rows->count + 1, .total = rows->total};
    ret->row = calloc(ret->count, sizeof *ret->row);
    if (!ret->row)
        return -ENOMEM;
    ret->row[0] =
        (struct row){.name = tree_login(tree), .id = -1, .created_at = -1, .updated_at = -1};
    memcpy(ret->row + 1, rows->row, rows->count * sizeof *rows->row);
    return 0;
}

static int merge(struct listing *listing, const struct rows *rows)
{
    struct tree *tree = listing->tree;
    struct node *node = listing->node;
    struct rows amended = {0};
    int err;

    if (!node->kind->lists_login || !tree_login(tree)[0])
        return merge_listing(&tree->nodes, node, rows, &tree->failures);
    err = add_login(tree, rows, &amended);
    if (!err)
        err = merge_listing(&tree->nodes, node, &amended, &tree->failures);
    free(amended.row);
    return err;
}

static void trust_containers(struct node *node, uint64_t now)
{
    for (struct node *c = directory_first(node); c; c = directory_next(c))
        if (node_is_directory(c) && c->listed)
            c->fresh_until_ms = now + CONTAINER_TTL_MS;
}

/* A list that lacks organizations is no failed list: `errors` tells what a person can do. */
static void note_hidden(struct listing *listing, const struct rows *rows)
{
    struct tree *tree = listing->tree;
    struct failure why;

    if (rows->sso_hidden > 0 || kind_list_row(listing->node->kind) == ROW_ORGANIZATION)
        tree->sso_hidden = rows->sso_hidden;
    if (rows->sso_hidden == 0)
        return;
    failure_set(&why, -EACCES,
        "%u organizations are hidden: authorize the token for their single sign-on",
        rows->sso_hidden);
    failures_add_at(&tree->failures, "list", listing->node, "", &why);
}

static void listing_done(
    void *arg, const struct failure *why, const struct rows *rows, struct etags *etags)
{
    struct listing *listing = arg;
    struct node *node = listing->node;
    struct directory *dir = node->dir;
    struct failure failure = why ? *why : (struct failure){0};
    uint64_t now = loop_now_ms();

    listing->list = NULL;
    if (!why && rows && merge(listing, rows) != 0)
        failure_set(&failure, -ENOMEM, "%s", strerror(ENOMEM));
    if (failure.err) {
        listing->failure = failure;
        listing->failed_until_ms = now + FAILURE_TTL_MS;
        if (failure.err == -ENOENT)
            doubt_containers(node);
    } else {
        listing->failed_until_ms = 0;
        dir->has_listing = true;
        dir->fresh_until_ms = now + listing->tree->options.cache_ttl_ms;
        trust_containers(node, now);
        if (rows) {
            note_hidden(listing, rows);
            etags_release(&dir->etags);
            if (!dir->overruled) {
                dir->etags = *etags;
                *etags = (struct etags){0};
            }
        }
    }
    waiters_finish(&listing->waiters, failure.err ? &failure : NULL);
    node_unref(&listing->tree->nodes, node);
}

static int listing_fetch(struct listing *listing, uint64_t deadline_ms)
{
    struct node *node = listing->node;
    struct buffer path;

    buffer_init(&path, URL_MAX);
    int err = node->kind->list_path(listing->tree, node, &path);
    if (!err)
        err = list_start(listing->tree->github, path.data, kind_list_row(node->kind),
            &node->dir->etags, deadline_ms, listing_done, listing, &listing->list);
    buffer_release(&path);
    if (!err)
        node_ref(node);
    return err;
}

static int fail_errno(struct wait *wait, int err)
{
    failure_set(&wait->failure, err, "%s", strerror(-err));
    return err;
}

int listing_want(struct tree *tree, struct node *dir, struct wait *wait)
{
    struct listing *listing = listing_of(tree, dir);
    if (!listing)
        return fail_errno(wait, -ENOMEM);
    if (listing_is_fresh(dir))
        return 0;
    if (!listing->list) {
        if (loop_now_ms() < listing->failed_until_ms)
            return wait_fail(wait, &listing->failure);
        int err = listing_fetch(listing, wait->deadline_ms);
        if (err)
            return fail_errno(wait, err);
    }
    wait_join(&listing->waiters, wait);
    return -EINPROGRESS;
}

/* Is the answer about what was asked for? A repository that was renamed is answered with its
 * new name, and is the repository asked for; an entry of another name is another entry. */
static bool is_about(const struct probe *probe, const struct row *row)
{
    return !probe->listing->node->kind->store || strcasecmp(row->name, probe->name) == 0;
}

static void probe_done(void *arg, const struct failure *why, const struct row *row)
{
    struct probe *probe = arg;
    struct listing *listing = probe->listing;
    struct tree *tree = listing->tree;
    struct node *dir = listing->node;
    struct node *child = NULL;
    struct failure failure = why ? *why : (struct failure){0};

    DL_DELETE(listing->probes, probe);
    if (!why && !is_about(probe, row)) {
        failure_set(&failure, -EPROTO, "the answer is about another %s", kind_noun(dir->kind));
    } else if (!why) {
        uint64_t ttl = S_ISDIR(dir->kind->child->type->format) ? CONTAINER_TTL_MS
                                                               : tree->options.cache_ttl_ms;
        struct row asked = *row;
        if (strcasecmp(row->name, probe->name) != 0) /* see is_about() */
            asked.name = probe->name;
        child = merge_one(&tree->nodes, dir, &asked, loop_now_ms() + ttl);
        if (!child)
            failure_set(&failure, -ENOENT, "deleted a moment ago");
    } else if (why->err == -ENOENT) {
        struct node *known = directory_find(dir, probe->name);
        if (known && node_may_be_there(known) && !known->busy && known->writers == 0 &&
            loop_now_ms() >= known->written_until_ms)
            presence_gone(&tree->nodes, known);
    }
    waiters_finish(&probe->waiters, failure.err ? &failure : NULL);
    free(probe);
    if (child)
        node_unref(&tree->nodes, child);
    node_unref(&tree->nodes, dir);
}

static int probe_start(
    struct listing *listing, const char *name, uint64_t deadline_ms, struct probe **ret)
{
    struct node *dir = listing->node;
    size_t size = strlen(name) + 1;
    struct buffer path;
    struct probe *probe = calloc(1, sizeof *probe + size);

    if (!probe)
        return -ENOMEM;
    probe->listing = listing;
    memcpy(probe->name, name, size);
    buffer_init(&path, URL_MAX);
    int err = dir->kind->one_path(dir, name, &path);
    if (!err)
        err = call_get(listing->tree->github, path.data, kind_one_row(dir->kind), deadline_ms,
            probe_done, probe, &probe->call);
    buffer_release(&path);
    if (err) {
        free(probe);
        return err;
    }
    node_ref(dir);
    DL_APPEND(listing->probes, probe);
    *ret = probe;
    return 0;
}

int listing_want_one(struct tree *tree, struct node *dir, const char *name, struct wait *wait)
{
    struct listing *listing = listing_of(tree, dir);
    struct probe *probe;
    if (!listing)
        return fail_errno(wait, -ENOMEM);
    DL_FOREACH(listing->probes, probe)
    {
        if (strcasecmp(probe->name, name) == 0)
            break;
    }
    if (!probe) {
        int err = probe_start(listing, name, wait->deadline_ms, &probe);
        if (err)
            return fail_errno(wait, err);
    }
    wait_join(&probe->waiters, wait);
    return -EINPROGRESS;
}

void listing_prefetch(struct tree *tree, struct node *dir, uint64_t deadline_ms)
{
    struct listing *listing = listing_of(tree, dir);
    if (listing && !listing->list && !listing_is_fresh(dir) &&
        loop_now_ms() >= listing->failed_until_ms)
        (void)!listing_fetch(listing, deadline_ms); /* a waiter will meet the error again */
}

/* The child, if memory alone tells that the child exists; else NULL. */
static struct node *known_child(struct tree *tree, struct node *dir, const char *name)
{
    struct node *child = directory_find(dir, name);

    if (!child)
        return NULL;
    if (!node_is_from_api(child))
        return child; /* a staging file or `.env`, which the API never has */
    if (node_is_unstored(child)) {
        if (child->writers > 0 || child->empty)
            return child;
        if (child->presence == NODE_REPLACING) {
            presence_come_back(child);
            return child;
        }
        if (!node_is_in_doubt(child))
            presence_gone(&tree->nodes, child); /* the writer failed before any PUT */
        return NULL;
    }
    if (loop_now_ms() < child->fresh_until_ms || (child->listed && listing_is_fresh(dir)))
        return child;
    return NULL;
}

/* Is the whole listing the cheaper request for one name? While another name is being asked for,
 * a listing that is complete answers both names, and all later ones. */
static bool ask_for_listing(const struct node *dir)
{
    if (!dir->kind->one_path)
        return true;
    if (!dir->kind->complete)
        return false;
    return (dir->dir && dir->dir->has_listing) || listing_is_busy(dir);
}

int listing_want_name(struct tree *tree, struct node *dir, const char *name, struct wait *wait)
{
    const struct node *child = directory_find(dir, name);

    if ((child && child->presence == NODE_HELD) || known_child(tree, dir, name))
        return 0;
    if (dir->kind->complete && listing_is_fresh(dir))
        return 0;
    return ask_for_listing(dir) ? listing_want(tree, dir, wait)
                                : listing_want_one(tree, dir, name, wait);
}
