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

/* One secret on its way. */
struct storing {
    struct task task;
    struct bulk *bulk;
    const char *name; /* borrowed of the text */
    struct storing *prev, *next;
};

struct bulk {
    struct cleanup cleanup; /* of the task */
    struct task *task;      /* on the node of `.env`; ending it frees the bulk */
    struct wait wait;       /* for the listing */
    struct node *staged;    /* as payload.staged, referenced; or NULL */
    struct locked text;
    size_t file_len;
    struct dotenv dotenv; /* points into the text */
    size_t next;          /* entry to be started */
    struct storing *storing;
    unsigned under_way;
    bool starting;
    size_t failed;
    struct failure first; /* failure, and the name in its message */
};

/* The first of what is under way, taken out; or NULL. Whoever ends it walks no list: others may
 * end by that. */
static struct storing *take_storing(struct bulk *bulk)
{
    struct storing *storing = bulk->storing;
    if (storing)
        DL_DELETE(bulk->storing, storing);
    return storing;
}

/* Drops what is under way. */
static void bulk_cancel(struct cleanup *cleanup)
{
    struct bulk *bulk = CONTAINER_OF(cleanup, struct bulk, cleanup);
    struct storing *storing;

    wait_leave(&bulk->wait);
    bulk->starting = true; /* nothing new is started, and the bulk does not end, meanwhile */
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

/* `errors` names what is under way and what was not begun. */
static void bulk_abandon(struct cleanup *cleanup, int err, const char *why)
{
    struct bulk *bulk = CONTAINER_OF(cleanup, struct bulk, cleanup);
    struct tree *tree = bulk->task->tree;
    struct storing *storing;
    struct failure failure;

    upload_is_lost(bulk->task->node, err);
    bulk->starting = true; /* as in bulk_cancel(), which is to follow */
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

/* Keeps as many under way as requests may be; more would only take memory. */
static void start_more(struct bulk *bulk)
{
    if (bulk->starting)
        return; /* a start that failed at once */
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

/* -EINVAL with a message when a line is not what can be sent. */
static int check(const struct bulk *bulk, struct failure *why)
{
    for (size_t i = 0; i < bulk->dotenv.count; i++) {
        const struct dotenv_entry *entry = &bulk->dotenv.entry[i];
        const char *problem = secrets_of(bulk)->kind->store->name_problem(entry->name);
        if (!problem && entry->len > SECRET_VALUE_MAX)
            problem = "the value is longer than GitHub's 48 KiB";
        if (!problem)
            continue;
        /* Not the name: where a line was broken it may be the rest of a value. */
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

/* The task owns the bulk from here on. NULL without memory. */
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
    /* Nothing written is nothing sent; nor is what was removed while it was open. */
    if (task->node->presence == NODE_GONE || (value->bytes.len == 0 && !value->spoilt)) {
        bulk_finish(bulk);
        return;
    }
    if (read_text(bulk, value, &why) != 0) {
        upload_fail(task, &why);
        return;
    }
    task_counts_as_upload(task);
    wait_then(&bulk->wait, listing_want(task->tree, secrets_of(bulk), &bulk->wait));
}
