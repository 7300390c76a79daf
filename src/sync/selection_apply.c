#include "sync/selection_apply.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>

#include "base/container.h"
#include "github/list.h"
#include "github/url.h"
#include "nodes/node.h"
#include "nodes/tree.h"
#include "sync/entry_ids.h"
#include "sync/policy.h"

/* Contract §4.9. More names than this are looked up in the organization's listing of
 * repositories, which has a hundred names a request. */
#define ONE_BY_ONE_MAX 10
/* Contract §4.9. Names that the listing lacks may be repositories that were renamed, and are
 * looked up one by one. Thousands of look-ups would keep other operations from the server, only
 * to end in a refusal. */
#define UNLISTED_MAX 100
/* Contract §4.9. Requests of one change at once: fewer than `max_requests`, to leave some to
 * other operations. */
#define STEPS_MAX 16

/* A request for one entry: a look-up, or the adding or removing of a repository. */
struct step {
    struct change *change;
    struct entry *entry; /* NULL: the step is free */
    struct call *call;
};

struct change {
    struct cleanup cleanup; /* of the task */
    struct task *task;
    struct node *policy_node; /* access/NAME; referenced */
    selection_applied *done;
    void *arg;
    struct entries entries;
    bool additions;
    struct list *list; /* of the organization's repositories */

    /* A pass over the entries, with a request each: see send_one_by_one(). */
    bool lookups;                            /* passes over entries whose number is known */
    int (*send)(struct step *step);          /* 0 or -errno */
    void (*all_done)(struct change *change); /* called when every request has succeeded */
    struct step steps[STEPS_MAX];
    size_t next;                 /* index of the next entry to send a request for */
    size_t under_way, succeeded; /* requests of the pass */

    struct node *secret; /* referenced once the change waits for its turn; or NULL */
    struct wait turn;    /* to change the secret */
    bool has_turn;
    struct call *set; /* the request that replaces the selection */
    bool sent;        /* requests from now on change the selection: the look-ups have ended */
    struct failure failure; /* the first; err 0: none yet */
};

static void change_cancel(struct cleanup *cleanup)
{
    struct change *change = CONTAINER_OF(cleanup, struct change, cleanup);

    for (size_t i = 0; i < STEPS_MAX; i++)
        call_cancel(change->steps[i].call);
    list_cancel(change->list);
    call_cancel(change->set);
    wait_leave(&change->turn);
    entries_release(&change->entries);
    struct nodes *nodes = &change->task->tree->nodes;
    struct node *secret = change->secret, *policy_node = change->policy_node;
    bool had_turn = change->has_turn;
    free(change);
    if (had_turn)
        node_give_turn(secret); /* after free(): calls the waiter that gets the turn */
    if (secret)
        node_unref(nodes, secret);
    node_unref(nodes, policy_node);
}

/* Adds to the failure how many repositories were changed before the failure, if any. */
static void tell_progress(const struct change *change, struct failure *failure)
{
    char message[2 * FAILURE_MESSAGE_SIZE];
    if (!change->sent || change->succeeded == 0)
        return;
    snprintf(message, sizeof message, "%zu of %zu changed; %s", change->succeeded,
        change->entries.count, failure->message);
    text_printable(failure->message, sizeof failure->message, message, strlen(message));
}

/* done() ends the task, which frees the change. */
static void change_end(struct change *change)
{
    struct task *task = change->task;
    struct failure failure = change->failure;
    struct node *secrets = policy_secrets(task->tree, change->policy_node);

    if (change->sent && secrets && secrets->dir)
        secrets->dir->fresh_until_ms = 0; /* the server changed updated_at of the secret */
    tell_progress(change, &failure);
    change->done(change->arg, failure.err ? &failure : NULL);
}

static void change_fail(struct change *change, int err)
{
    failure_set(&change->failure, err, "%s", strerror(-err));
    change_end(change);
}

static bool replaces(const struct change *change)
{
    return !change->entries.is_signed && !change->additions;
}

/* ORG of orgs/ORG/actions/access/NAME. */
static const char *organization_of(const struct node *policy_node)
{
    return policy_node->parent->parent->parent->name;
}

/* Keeps the first failure, with the line that the entry is on; later failures are not told. */
static void note_failure(
    struct change *change, const struct entry *entry, const struct failure *why)
{
    char message[2 * FAILURE_MESSAGE_SIZE];

    if (change->failure.err)
        return;
    change->failure = *why;
    snprintf(
        message, sizeof message, "line %u: %.80s: %s", entry->line, entry->name, why->message);
    text_printable(
        change->failure.message, sizeof change->failure.message, message, strlen(message));
}

/* Sends requests while there are free steps, entries left and no failure. Ends the pass when no
 * request is under way any more. */
static void send_more(struct change *change)
{
    size_t i = 0;
    while (i < STEPS_MAX && change->next < change->entries.count && !change->failure.err) {
        struct step *step = &change->steps[i];
        struct entry *entry = &change->entries.entry[change->next];
        if (change->lookups && entry->id >= 0) {
            change->next++;
        } else if (step->entry) {
            i++;
        } else {
            *step = (struct step){.change = change, .entry = entry};
            int err = change->send(step);
            if (err) {
                struct failure why;
                failure_set(&why, err, "%s", strerror(-err));
                note_failure(change, entry, &why);
                step->entry = NULL;
            } else {
                change->next++;
                change->under_way++;
            }
        }
    }
    if (change->under_way == 0 && change->failure.err)
        change_end(change);
    else if (change->under_way == 0)
        change->all_done(change);
}

/* The request of the step has its answer: `why` is NULL on success. Returns the entry. */
static struct entry *step_ended(struct step *step, const struct failure *why)
{
    struct entry *entry = step->entry;
    step->call = NULL;
    step->entry = NULL;
    assert(step->change->under_way > 0);
    step->change->under_way--;
    step->change->succeeded += !why;
    if (why)
        note_failure(step->change, entry, why);
    return entry;
}

static void send_one_by_one(struct change *change, int (*send)(struct step *step),
    void (*all_done)(struct change *change))
{
    change->lookups = !change->sent;
    change->send = send;
    change->all_done = all_done;
    change->next = 0;
    send_more(change);
}

/* Changing what is selected */

static int selection_path(
    const struct change *change, const struct entry *entry, struct buffer *ret)
{
    const struct node *policy_node = change->policy_node;
    const struct node *secrets = policy_secrets(change->task->tree, policy_node);
    buffer_init(ret, 0);
    int err = secrets ? policy_selection_path(secrets, policy_node->name, ret) : -ENOMEM;
    if (!err && entry)
        err = buffer_printf(ret, "/%" PRId64, entry->id);
    return err;
}

/* Adds the repositories of the lines with a minus, or of all others. */
static int select_entries(
    const struct entries *entries, bool is_minus, struct selection *selection)
{
    int err = 0;
    for (size_t i = 0; !err && i < entries->count; i++) {
        const struct entry *entry = &entries->entry[i];
        if ((entry->sign == '-') == is_minus)
            err = selection_add(selection, entry->name, entry->id);
    }
    return err;
}

/* A policy that is prepared or held goes to the server with the next value, so the selection is
 * changed in the `struct policy`: by all entries, or by none on an error. */
static int apply_to_held(const struct change *change)
{
    struct selection plus = {0}, minus = {0};

    int err = select_entries(&change->entries, false, &plus);
    if (!err)
        err = select_entries(&change->entries, true, &minus);
    if (!err)
        err = policy_hold_list(
            change->task->tree, change->policy_node, &plus, &minus, replaces(change));
    selection_release(&plus);
    selection_release(&minus);
    return err;
}

static void set_done(void *arg, const struct failure *why)
{
    struct change *change = arg;
    change->set = NULL;
    if (why)
        change->failure = *why;
    change_end(change);
}

static int send_set(struct change *change)
{
    struct buffer path, body;
    size_t count;
    int64_t *ids = entries_ids(&change->entries, 0, &count);

    buffer_init(&body, 64 + 20 * change->entries.count);
    int err = selection_path(change, NULL, &path);
    if (!ids)
        err = -ENOMEM;
    if (!err)
        err = buffer_add_string(&body, "{\"selected_repository_ids\":");
    if (!err)
        err = call_add_ids(&body, ids, count);
    if (!err)
        err = buffer_add_string(&body, "}");
    if (!err)
        err = call_change(change->task->tree->github, ENDPOINT_SET_SELECTION, path.data,
            body.data, change->task->deadline_ms, set_done, change, &change->set);
    free(ids);
    buffer_release(&path);
    buffer_release(&body);
    return err;
}

static void changed_one(void *arg, const struct failure *why)
{
    struct step *step = arg;
    step_ended(step, why);
    send_more(step->change);
}

static int change_one(struct step *step)
{
    struct change *change = step->change;
    struct buffer path;
    int err = selection_path(change, step->entry, &path);
    if (!err)
        err = call_change(change->task->tree->github,
            step->entry->sign == '-' ? ENDPOINT_DESELECT : ENDPOINT_SELECT, path.data, NULL,
            change->task->deadline_ms, changed_one, step, &step->call);
    buffer_release(&path);
    return err;
}

/* The change has the turn, if the secret exists. */
static void apply(struct change *change)
{
    int err = 0;

    if (policy_is_held(change->policy_node)) {
        err = apply_to_held(change);
        if (!err)
            change_end(change);
    } else {
        change->sent = true;
        change->succeeded = 0; /* counted look-ups until now */
        if (replaces(change))
            err = send_set(change);
        else
            send_one_by_one(change, change_one, change_end);
    }
    if (err)
        change_fail(change, err);
}

static void have_turn(struct wait *wait)
{
    struct change *change = CONTAINER_OF(wait, struct change, turn);
    change->has_turn = true;
    apply(change);
}

/* Every entry has its number. The change takes the secret's turn, since a PUT of the value
 * sends the policy too, and would undo a change that is sent beside the PUT. */
static void all_known(struct change *change)
{
    struct node *secret = policy_secret(change->task->tree, change->policy_node);
    int err = entries_keep_last(&change->entries);

    if (err) {
        change_fail(change, err);
        return;
    }
    if (!secret) {
        apply(change);
        return;
    }
    change->secret = node_ref(secret);
    change->turn.done = have_turn;
    change->turn.deadline_ms = change->task->deadline_ms;
    wait_then(&change->turn, node_take_turn(secret, &change->turn));
}

/* Finding numbers */

/* An answer about another number than the one asked for would select a wrong repository. */
static bool is_about(const struct row *row, const struct entry *entry)
{
    uint64_t number;
    return strchr(entry->name, '/') ||
           (text_to_u64(entry->name, INT64_MAX, &number) && (int64_t)number == row->id);
}

static void looked_up(void *arg, const struct failure *why, const struct row *row)
{
    struct step *step = arg;
    struct change *change = step->change;
    struct failure failure;

    if (!why && !is_about(row, step->entry)) {
        failure_set(&failure, -EPROTO, "the answer is about repository %" PRId64, row->id);
        why = &failure;
    }
    struct entry *entry = step_ended(step, why);
    if (!why) {
        repository_ids_add(&change->task->tree->repository_ids, row->name, row->id);
        int err = entry_know(entry, row->name, row->id);
        if (err)
            failure_set(&change->failure, err, "%s", strerror(-err));
    }
    if (change->failure.err)
        change_end(change); /* drops the other look-ups: nothing will be changed */
    else
        send_more(change);
}

/* Asks for "/repos/OWNER/REPO", or "/repositories/NUMBER". */
static int look_up(struct step *step)
{
    char owner[NAME_SIZE];
    const struct change *change = step->change;
    const char *name = step->entry->name, *slash = strchr(name, '/');
    struct buffer path;
    buffer_init(&path, URL_MAX);
    int err;
    if (slash) {
        snprintf(owner, sizeof owner, "%.*s", (int)(slash - name), name);
        const char *parts[] = {"repos", owner, slash + 1};
        err = url_add_path(&path, parts, 3);
    } else {
        const char *parts[] = {"repositories", name};
        err = url_add_path(&path, parts, 2);
    }
    if (!err)
        err = call_get(change->task->tree->github, path.data, ROW_SELECTED,
            change->task->deadline_ms, looked_up, step, &step->call);
    buffer_release(&path);
    return err;
}

static void have_listing(
    void *arg, const struct failure *why, const struct rows *rows, struct etags *etags)
{
    struct change *change = arg;
    const struct entry *first = NULL;
    struct failure failure;
    (void)etags;

    change->list = NULL;
    /* `why` is not final: a token that may not list the organization's repositories may still
     * be allowed to look one up by its name. */
    for (size_t i = 0; !why && i < rows->count; i++)
        repository_ids_add(
            &change->task->tree->repository_ids, rows->row[i].name, rows->row[i].id);
    int err = why ? 0 : entries_find_listed(&change->entries, rows);
    if (err) {
        change_fail(change, err);
        return;
    }
    if (entries_recall(&change->entries, &change->task->tree->repository_ids, &first) <=
        UNLISTED_MAX) {
        send_one_by_one(change, look_up, all_known);
        return;
    }
    if (!why) {
        failure_set(
            &failure, -ENOENT, "none of the organization's; nor are %d others", UNLISTED_MAX);
        why = &failure;
    }
    note_failure(change, first, why);
    change_end(change);
}

static void resolve(struct change *change)
{
    const char *parts[] = {"orgs", organization_of(change->policy_node), "repos"};
    const struct entry *first;
    struct buffer path;

    if (entries_recall(&change->entries, &change->task->tree->repository_ids, &first) <=
        ONE_BY_ONE_MAX) {
        send_one_by_one(change, look_up, all_known);
        return;
    }
    buffer_init(&path, URL_MAX);
    int err = url_add_path(&path, parts, 3);
    if (!err)
        err = list_start(change->task->tree->github, path.data, ROW_FULL_NAME, NULL,
            change->task->deadline_ms, have_listing, change, &change->list);
    buffer_release(&path);
    if (err)
        change_fail(change, err);
}

void selection_apply(struct task *task, struct node *policy_node, struct entries *entries,
    bool additions, selection_applied *done, void *arg)
{
    struct change *change = calloc(1, sizeof *change);
    if (!change) {
        struct failure why;
        failure_set(&why, -ENOMEM, "%s", strerror(ENOMEM));
        entries_release(entries);
        done(arg, &why);
        return;
    }
    change->task = task;
    change->policy_node = node_ref(policy_node);
    change->done = done;
    change->arg = arg;
    change->entries = *entries;
    *entries = (struct entries){0};
    change->additions = additions;
    change->cleanup.undo = change_cancel;
    cleanup_push(&task->cleanups, &change->cleanup);
    task_counts_as_upload(task);
    resolve(change);
}
