#include "tree/change.h"

#include <errno.h>
#include <inttypes.h>

#include "github/list.h"
#include "github/url.h"
#include "tree/directory.h"
#include "tree/policy.h"
#include "tree/tree.h"

/* More names than this are looked up in a listing of the organization, a hundred a request. */
#define ONE_BY_ONE_MAX 10

/* One entry's request: a lookup, or an addition or removal. */
struct step {
    struct change *change;
    struct entry *entry;
    struct call *call;
};

struct change {
    struct task *task;
    struct entries entries;
    bool additions;
    struct step *steps; /* one an entry */
    size_t pending;
    struct list *list; /* of the organization's repositories */
    struct call *set;
    struct failure failure; /* the first */
    unsigned failures;
};

void change_cancel(struct change *change)
{
    if (!change)
        return;
    for (size_t i = 0; change->steps && i < change->entries.count; i++)
        call_cancel(change->steps[i].call);
    list_cancel(change->list);
    call_cancel(change->set);
    entries_release(&change->entries);
    free(change->steps);
    free(change);
}

/* The task owns the change, and frees it when it ends. */
static void change_end(struct change *change)
{
    struct task *task = change->task;
    struct node *secrets = policy_secrets(task->tree, task->node);

    if (secrets && secrets->dir)
        secrets->dir->fresh_until_ms = 0; /* updated_at moves with the list */
    if (change->failure.err)
        task_fail(task, &change->failure);
    else
        task_finish(task);
}

static void change_fail(struct change *change, int err, const char *message)
{
    failure_set(&change->failure, err, "%s", message);
    change_end(change);
}

/* orgs/ORG/actions/access/NAME */
static const char *organization_of(const struct node *policy_node)
{
    return policy_node->parent->parent->parent->name;
}

static int selection_path(
    const struct change *change, const struct step *step, struct buffer *ret)
{
    const struct node *node = change->task->node;
    const char *parts[] = {"secrets", node->name, "repositories"};
    buffer_init(ret, URL_MAX);
    int err = node_api_path(node->parent->parent, ret);
    if (!err)
        err = url_add_path(ret, parts, 3);
    if (!err && step)
        err = buffer_printf(ret, "/%" PRId64, step->entry->id);
    return err;
}

/* What is held is changed here, and goes to the server with the value. */
static int apply_to_held(struct change *change)
{
    struct policy *policy = change->task->node->policy;
    struct selection *selection = &policy->selection;
    bool replace = !change->entries.is_signed && !change->additions;
    int err = 0;

    policy->generation++;
    if (replace)
        selection_release(selection);
    for (size_t i = 0; !err && i < change->entries.count; i++) {
        const struct entry *entry = &change->entries.entry[i];
        if (entry->sign == '-')
            selection_remove(selection, entry->id);
        else
            err = selection_add(selection, entry->name, entry->id);
    }
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

/* "web" and "acme/web" are one. */
static size_t add_once(int64_t *ids, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (ids[i] == id)
            return count;
    ids[count] = id;
    return count + 1;
}

static int send_set(struct change *change)
{
    struct buffer path, body;
    size_t count = 0;
    int64_t *ids = calloc(change->entries.count + 1, sizeof *ids);

    buffer_init(&body, 64 + 20 * change->entries.count);
    int err = selection_path(change, NULL, &path);
    if (!ids)
        err = -ENOMEM;
    for (size_t i = 0; !err && i < change->entries.count; i++)
        count = add_once(ids, count, change->entries.entry[i].id);
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

static void step_failed(struct step *step, const struct failure *why)
{
    struct change *change = step->change;
    char message[2 * FAILURE_MESSAGE_SIZE];

    if (change->failures++ > 0)
        return; /* the first is told, by its name */
    change->failure = *why;
    snprintf(message, sizeof message, "%.80s: %s", step->entry->name, why->message);
    text_printable(
        change->failure.message, sizeof change->failure.message, message, strlen(message));
}

static void step_done(void *arg, const struct failure *why)
{
    struct step *step = arg;
    struct change *change = step->change;

    step->call = NULL;
    if (why)
        step_failed(step, why);
    if (--change->pending == 0)
        change_end(change);
}

static int send_step(struct change *change, struct step *step)
{
    struct buffer path;
    int err = selection_path(change, step, &path);
    if (!err)
        err = call_change(change->task->tree->github,
            step->entry->sign == '-' ? ENDPOINT_DESELECT : ENDPOINT_SELECT, path.data, NULL,
            change->task->deadline_ms, step_done, step, &step->call);
    buffer_release(&path);
    return err;
}

/* All numbers are known. */
static void apply(struct change *change)
{
    int err = 0;

    if (policy_is_held(change->task->node)) {
        err = apply_to_held(change);
        if (err)
            change_fail(change, err, strerror(-err));
        else
            change_end(change);
        return;
    }
    if (!change->entries.is_signed && !change->additions) {
        err = send_set(change);
    } else if (change->entries.count == 0) {
        change_end(change);
        return;
    } else {
        change->pending = change->entries.count;
        for (size_t i = 0; !err && i < change->entries.count; i++)
            err = send_step(change, &change->steps[i]);
    }
    if (err)
        change_fail(change, err, strerror(-err));
}

static void resolved(void *arg, const struct failure *why, const struct row *row)
{
    struct step *step = arg;
    struct change *change = step->change;

    step->call = NULL;
    if (why) {
        step_failed(step, why);
    } else if (row->id < 0) {
        struct failure failure;
        failure_set(&failure, -EPROTO, "the answer has no number");
        step_failed(step, &failure);
    } else {
        step->entry->id = row->id;
        repository_ids_add(&change->task->tree->repository_ids, row->name, row->id);
        char *name = strdup(row->name); /* a number's name, and GitHub's spelling */
        if (name) {
            free(step->entry->name);
            step->entry->name = name;
        }
    }
    if (--change->pending > 0)
        return;
    if (change->failure.err)
        change_end(change);
    else
        apply(change);
}

/* "/repos/OWNER/REPO", or "/repositories/NUMBER". */
static int resolve_one(struct change *change, struct step *step)
{
    char owner[NAME_SIZE];
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
            change->task->deadline_ms, resolved, step, &step->call);
    buffer_release(&path);
    return err;
}

/* Asks for each number that is not known, all at once. */
static void resolve_rest(struct change *change)
{
    int err = 0;
    for (size_t i = 0; i < change->entries.count; i++) {
        struct entry *entry = &change->entries.entry[i];
        entry->id = repository_ids_find(&change->task->tree->repository_ids, entry->name);
        change->pending += entry->id < 0;
    }
    if (change->pending == 0) {
        apply(change);
        return;
    }
    for (size_t i = 0; !err && i < change->entries.count; i++)
        if (change->entries.entry[i].id < 0)
            err = resolve_one(change, &change->steps[i]);
    if (err)
        change_fail(change, err, strerror(-err));
}

static void have_listing(
    void *arg, const struct failure *why, const struct rows *rows, struct etags *etags)
{
    struct change *change = arg;
    (void)etags;

    change->list = NULL;
    /* A token that may not list them may still know them by name. */
    for (size_t i = 0; !why && i < rows->count; i++)
        repository_ids_add(
            &change->task->tree->repository_ids, rows->row[i].name, rows->row[i].id);
    resolve_rest(change);
}

/* How many names of the organization are not known? */
static size_t count_unknown(const struct change *change, const char *organization)
{
    size_t unknown = 0, len = strlen(organization);
    for (size_t i = 0; i < change->entries.count; i++) {
        const char *name = change->entries.entry[i].name;
        unknown += strncasecmp(name, organization, len) == 0 && name[len] == '/' &&
                   repository_ids_find(&change->task->tree->repository_ids, name) < 0;
    }
    return unknown;
}

static void resolve(struct change *change)
{
    const char *organization = organization_of(change->task->node);
    const char *parts[] = {"orgs", organization, "repos"};
    struct buffer path;

    if (count_unknown(change, organization) <= ONE_BY_ONE_MAX) {
        resolve_rest(change);
        return;
    }
    buffer_init(&path, URL_MAX);
    int err = url_add_path(&path, parts, 3);
    if (!err)
        err = list_start(change->task->tree->github, path.data, ROW_FULL_NAME, NULL,
            change->task->deadline_ms, have_listing, change, &change->list);
    buffer_release(&path);
    if (err)
        change_fail(change, err, strerror(-err));
}

void change_start(struct task *task, struct entries *entries, bool additions)
{
    struct change *change = calloc(1, sizeof *change);
    if (change)
        change->steps = calloc(entries->count ? entries->count : 1, sizeof *change->steps);
    if (!change || !change->steps) {
        free(change);
        entries_release(entries);
        task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
        return;
    }
    change->task = task;
    change->entries = *entries;
    *entries = (struct entries){0};
    change->additions = additions;
    for (size_t i = 0; i < change->entries.count; i++)
        change->steps[i] = (struct step){.change = change, .entry = &change->entries.entry[i]};
    task->change = change;
    resolve(change);
}
