#include "tree/bulk.h"

#include <assert.h>
#include <errno.h>
#include <utlist.h>

#include "base/container.h"
#include "nodes/node.h"
#include "nodes/tree.h"
#include "sync/listing.h"
#include "sync/upload.h"
#include "tree/dotenv.h"
#include "tree/operations.h"

/* The upload of one secret. */
struct storing {
    struct task task;
    struct bulk *bulk;
    const char *name; /* borrowed from bulk->text */
    struct storing *prev, *next;
};

struct bulk {
    struct cleanup cleanup; /* of the task */
    struct task *task;      /* on the node of `.env`; its end frees the bulk */
    struct wait wait;       /* for the listing */
    struct node *staged;    /* the staging file that the text is from, referenced; or NULL */
    struct locked text;
    size_t file_len;
    struct dotenv dotenv;    /* points into `text` */
    size_t next;             /* the next line of `dotenv` to be uploaded */
    struct storing *storing; /* the uploads under way */
    unsigned under_way;
    bool starting; /* start_more() runs, or the bulk ends: start_more() must not run */
    size_t failed;
    struct failure first; /* the first failure, with the secret's name in its message */
};

/* Takes the first upload out of the list; NULL when there is none. A loop over the list itself
 * would be wrong where uploads are ended: to end one may end others. */
static struct storing *take_storing(struct bulk *bulk)
{
    struct storing *storing = bulk->storing;
    if (storing)
        DL_DELETE(bulk->storing, storing);
    return storing;
}

static void bulk_cancel(struct cleanup *cleanup)
{
    struct bulk *bulk = CONTAINER_OF(cleanup, struct bulk, cleanup);
    struct storing *storing;

    wait_leave(&bulk->wait);
    bulk->starting = true; /* no upload starts meanwhile, and bulk_end() is not called */
    while ((storing = take_storing(bulk))) {
        task_cancel(&storing->task);
        free(storing);
    }
    if (bulk->staged)
        node_unref(&bulk->task->tree->nodes, bulk->staged);
    dotenv_release(&bulk->dotenv);
    locked_release(&bulk->text);
    free(bulk);
}

static struct node *secrets_of(const struct bulk *bulk)
{
    return bulk->task->node->parent;
}

/* The caller has died or the mount ends. `errors` gets a line for each secret whose upload is
 * under way or was not begun. */
static void bulk_abandon(struct cleanup *cleanup, int err, const char *why)
{
    struct bulk *bulk = CONTAINER_OF(cleanup, struct bulk, cleanup);
    struct tree *tree = bulk->task->tree;
    struct storing *storing;
    struct failure failure;

    upload_is_lost(bulk->task->node, err);
    bulk->starting = true; /* until bulk_cancel(), which follows */
    while ((storing = take_storing(bulk))) {
        task_abandon(&storing->task, err, why);
        free(storing);
    }
    failure_set(&failure, err, "%s; it was not sent", why);
    for (; bulk->next < bulk->dotenv.count; bulk->next++)
        failures_add_at(&tree->failures, "write", secrets_of(bulk),
            bulk->dotenv.entry[bulk->next].name, &failure);
}

static void bulk_finish(struct bulk *bulk)
{
    const struct payload payload = {.staged = bulk->staged};
    payload_is_stored(&bulk->task->tree->nodes, &payload);
    task_finish(bulk->task);
}

static void bulk_end(struct bulk *bulk)
{
    struct task *task = bulk->task;
    struct failure why;

    if (bulk->failed == 0) {
        task->node->upload_error = 0;
        task->node->stored_len = bulk->file_len;
        bulk_finish(bulk);
        return;
    }
    failure_set(&why, bulk->first.err, "%zu of %zu %s were not stored: %s", bulk->failed,
        bulk->dotenv.count, secrets_of(bulk)->kind->store->nouns, bulk->first.message);
    upload_fail(task, &why);
}

static void start_more(struct bulk *bulk);

static void stored(struct task *task, int err)
{
    struct storing *storing = CONTAINER_OF(task, struct storing, task);
    struct bulk *bulk = storing->bulk;

    if (err && bulk->failed++ == 0)
        failure_set(&bulk->first, err, "%.80s: %s", storing->name, task->failure.message);
    DL_DELETE(bulk->storing, storing);
    free(storing);
    assert(bulk->under_way > 0);
    bulk->under_way--;
    start_more(bulk);
}

static void fail_one(struct bulk *bulk, const struct dotenv_entry *entry)
{
    struct failure why;

    failure_set(&why, -ENOMEM, "%s", strerror(ENOMEM));
    failures_add_at(&bulk->task->tree->failures, "write", secrets_of(bulk), entry->name, &why);
    if (bulk->failed++ == 0)
        failure_set(&bulk->first, -ENOMEM, "%.80s: %s", entry->name, why.message);
}

static void start_one(struct bulk *bulk, const struct dotenv_entry *entry)
{
    struct task *asker = bulk->task;
    const struct payload payload = {.data = entry->value, .len = entry->len};
    struct storing *storing = calloc(1, sizeof *storing);

    if (!storing) {
        fail_one(bulk, entry);
        return;
    }
    storing->bulk = bulk;
    storing->name = entry->name;
    DL_APPEND(bulk->storing, storing);
    bulk->under_way++;
    struct task *task = &storing->task;
    task_init(task, asker->tree, secrets_of(bulk), "write", stored);
    task_set_deadline(task, asker->deadline_ms);
    tree_store(task, entry->name, &payload, 0);
}

/* Starts uploads until as many are under way as requests may be sent at once: more would only
 * take memory. */
static void start_more(struct bulk *bulk)
{
    if (bulk->starting)
        return; /* called by an upload that failed before tree_store() returned */
    bulk->starting = true;
    while (bulk->next < bulk->dotenv.count &&
           bulk->under_way < bulk->task->tree->options.max_requests)
        start_one(bulk, &bulk->dotenv.entry[bulk->next++]);
    bulk->starting = false;
    if (bulk->under_way == 0)
        bulk_end(bulk);
}

static void have_listing(struct wait *wait)
{
    struct bulk *bulk = CONTAINER_OF(wait, struct bulk, wait);
    struct task *task = bulk->task;
    const struct node *dir = secrets_of(bulk);
    struct failure why;
    size_t new = 0;

    if (wait->failure.err) {
        upload_fail(task, &wait->failure);
        return;
    }
    for (size_t i = 0; i < bulk->dotenv.count; i++)
        new += !directory_find_here(dir, bulk->dotenv.entry[i].name);
    const struct store *store = dir->kind->store;
    if (new > 0 && store->limit && dir->dir->entries + new > store->limit) {
        failure_set(&why, -EDQUOT,
            "nothing was sent: GitHub allows %u %s here, there are %u, and %zu are new",
            store->limit, store->nouns, dir->dir->entries, new);
        upload_fail(task, &why);
        return;
    }
    start_more(bulk);
}

/* 0, or -EINVAL with `why` for the first name or value that cannot be stored. */
static int check(const struct bulk *bulk, struct failure *why)
{
    for (size_t i = 0; i < bulk->dotenv.count; i++) {
        const struct dotenv_entry *entry = &bulk->dotenv.entry[i];
        const char *problem = secrets_of(bulk)->kind->store->name_problem(entry->name);
        if (!problem && entry->len > SECRET_VALUE_MAX)
            problem = "the value is longer than GitHub's 48 KiB";
        if (!problem)
            continue;
        /* The name is not shown: where a quote is missing, the name is a part of a value. */
        failure_set(why, -EINVAL, "nothing was sent: line %u: %s", entry->line, problem);
        return -EINVAL;
    }
    return 0;
}

static int read_text(struct bulk *bulk, const struct value *value, struct failure *why)
{
    unsigned line = 0;
    const char *problem = NULL;
    size_t len = bulk->file_len = value->bytes.len;

    int err = value->spoilt ? value->spoilt : locked_init(&bulk->text, len + 1);
    if (!err)
        err = locked_resize(&bulk->text, len + 1);
    if (err) {
        failure_set(why, err, "%s", value_problem(value, err));
        return err;
    }
    memcpy(bulk->text.data, value->bytes.data, len);
    err = dotenv_parse((char *)bulk->text.data, len, &bulk->dotenv, &line, &problem);
    if (err == -EINVAL)
        failure_set(why, err, "nothing was sent: line %u: %s", line, problem);
    else if (err)
        failure_set(why, err, "%s", strerror(-err));
    return err ? err : check(bulk, why);
}

/* Makes a bulk, which the task owns. NULL without memory. */
static struct bulk *bulk_new(struct task *task, const struct payload *payload)
{
    struct bulk *bulk = calloc(1, sizeof *bulk);
    if (!bulk)
        return NULL;
    bulk->task = task;
    bulk->staged = payload->staged ? node_ref(payload->staged) : NULL;
    bulk->wait = (struct wait){.done = have_listing, .deadline_ms = task->deadline_ms};
    bulk->cleanup = (struct cleanup){.undo = bulk_cancel, .abandon = bulk_abandon};
    cleanup_push(&task->cleanups, &bulk->cleanup);
    return bulk;
}

void bulk_start(struct task *task, const struct payload *payload)
{
    const struct value *value = payload->value;
    struct bulk *bulk = bulk_new(task, payload);
    struct failure why;

    if (!bulk) {
        upload_fail_errno(task, -ENOMEM, strerror(ENOMEM));
        return;
    }
    if (value->bytes.len == 0 && !value->spoilt) { /* contract §3.13 */
        bulk_finish(bulk);
        return;
    }
    if (task->node->presence == NODE_GONE) {
        upload_tell_removed(task);
        task_finish(task);
        return;
    }
    if (read_text(bulk, value, &why) != 0) {
        upload_fail(task, &why);
        return;
    }
    task_counts_as_upload(task);
    wait_then(&bulk->wait, listing_want(task->tree, secrets_of(bulk), &bulk->wait));
}
