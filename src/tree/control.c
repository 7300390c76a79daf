#include "tree/control.h"

#include <ctype.h>
#include <errno.h>
#include <unistd.h>
#include <utlist.h>

#include "base/container.h"
#include "github/list.h"
#include "github/url.h"
#include "tree/change.h"
#include "tree/directory.h"
#include "tree/listing.h"
#include "tree/notice.h"
#include "tree/policy.h"
#include "tree/tree.h"

/* 10,000 repositories with the longest names there can be. */
#define LIST_MAX (2u << 20)

static bool is_visibility(const struct node *file)
{
    return file->kind == kind_get(KIND_VISIBILITY);
}

void control_close(struct control *control)
{
    struct node *node = control->node;
    struct tree *tree = control->tree;

    DL_DELETE(tree->controls, control);
    if (control->notice_fd >= 0)
        close(control->notice_fd);
    buffer_release(&control->text);
    buffer_release(&control->list);
    free(control);
    node_unref(&tree->nodes, node);
}

void control_truncate(struct control *control)
{
    buffer_clear(&control->list);
    control->dirty = false;
    control->has_plain = false;
    control->has_changed = false;
    control->spoilt = 0;
}

static void open_finish(struct task *task)
{
    task->control = task->opening;
    task->opening = NULL;
    task->result = task->node;
    task_finish(task);
}

static void have_selected(
    void *arg, const struct failure *why, const struct rows *rows, struct etags *etags)
{
    struct task *task = arg;
    struct selection selection = {0};
    int err = 0;
    (void)etags;

    task->list = NULL;
    if (why) {
        task_fail(task, why);
        return;
    }
    for (size_t i = 0; !err && i < rows->count; i++) {
        err = selection_add(&selection, rows->row[i].name, rows->row[i].id);
        repository_ids_add(&task->tree->repository_ids, rows->row[i].name, rows->row[i].id);
    }
    if (!err)
        err = selection_write(&selection, &task->opening->text);
    selection_release(&selection);
    if (err)
        task_fail_errno(task, err, strerror(-err));
    else
        open_finish(task);
}

/* What is selected is asked for each time: it changes by other hands too. */
static void read_repositories(struct task *task)
{
    struct node *policy_node = task->node->parent;
    int err;

    if (policy_is_held(policy_node)) {
        err = selection_write(&policy_node->policy->selection, &task->opening->text);
        if (err)
            task_fail_errno(task, err, strerror(-err));
        else
            open_finish(task);
        return;
    }
    err = policy_fetch_selected(
        policy_node->parent->parent, policy_node->name, task, have_selected);
    if (err)
        task_fail_errno(task, err, strerror(-err));
}

static void have_secret(struct wait *wait)
{
    struct task *task = CONTAINER_OF(wait, struct task, wait);
    struct node *policy_node = task->node->parent;
    enum visibility visibility = policy_visibility(policy_node);
    int err = 0;

    if (wait->failure.err && !policy_is_held(policy_node)) {
        task_fail(task, &wait->failure);
    } else if (visibility == VISIBILITY_NONE) {
        task_fail_errno(task, -ENOENT, strerror(ENOENT));
    } else if (is_visibility(task->node)) {
        err = buffer_printf(&task->opening->text, "%s\n", visibility_name(visibility));
        if (err)
            task_fail_errno(task, err, strerror(-err));
        else
            open_finish(task);
    } else {
        read_repositories(task);
    }
}

void tree_open_control(struct task *task, bool reading, bool append)
{
    struct control *control = calloc(1, sizeof *control);
    struct node *policy_node = task->node->parent;

    if (!control) {
        task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
        return;
    }
    control->tree = task->tree;
    control->node = node_ref(task->node);
    control->append = append;
    writers_init(&control->writers, task->tid);
    control->notice_fd =
        task->tree->options.tell_writers ? notice_open(task->tid, task->uid) : -1;
    buffer_init(&control->text, LIST_MAX);
    buffer_init(&control->list, LIST_MAX);
    DL_APPEND(task->tree->controls, control);
    task->opening = control;
    if (!reading) {
        open_finish(task);
        return;
    }
    task->wait.done = have_secret;
    struct node *secrets = policy_secrets(task->tree, policy_node);
    int err = policy_is_held(policy_node) || !secrets
                  ? 0
                  : listing_want(task->tree, secrets, &task->wait);
    if (err == -EINPROGRESS)
        return;
    task->wait.failure.err = err;
    have_secret(&task->wait);
}

static void hold_visibility(struct wait *wait)
{
    struct task *task = CONTAINER_OF(wait, struct task, wait);
    const struct policy *policy = task->node->policy;
    int err = wait->failure.err;

    if (err) {
        task_fail(task, &wait->failure);
        return;
    }
    if (!(policy && policy->prepared) && !policy_secret(task->tree, task->node)) {
        task_fail_errno(task, -ENOENT, "the secret is gone");
        return;
    }
    err = policy_hold(task->tree, task->node, task->visibility);
    if (err)
        task_fail_errno(task, err, strerror(-err));
    else
        task_finish(task);
}

/* Whether anything is to be held depends on what the server has. */
static void write_visibility(struct task *task, const char *data, size_t len)
{
    struct node *secrets = policy_secrets(task->tree, task->node);

    while (len > 0 && isspace((unsigned char)data[len - 1]))
        len--;
    if (len == 0) { /* a line end alone changes nothing */
        task_finish(task);
        return;
    }
    task->visibility = visibility_parse(data, len);
    if (task->visibility == VISIBILITY_NONE) {
        task_fail_errno(task, -EINVAL, "expected all, private or selected");
        return;
    }
    task->wait.done = hold_visibility;
    int err = secrets ? listing_want(task->tree, secrets, &task->wait) : -ENOMEM;
    if (err == -EINPROGRESS)
        return;
    if (!secrets)
        failure_set(&task->wait.failure, err, "%s", strerror(ENOMEM));
    task->wait.failure.err = err;
    hold_visibility(&task->wait);
}

static void apply_entries(struct task *task, struct entries *entries, bool additions)
{
    if (entries->is_blank || (additions && entries->count == 0)) {
        entries_release(entries);
        task_finish(task);
        return;
    }
    change_start(task, entries, additions);
}

static int parse(struct task *task, const char *text, size_t len, struct entries *ret)
{
    const char *problem = NULL;
    const char *organization = task->node->parent->parent->parent->name;
    int err = entries_parse(text, len, organization, ret, &problem);
    if (err)
        task_fail_errno(task, err, problem ? problem : strerror(-err));
    return err;
}

/* A piece of a list that replaces. It is taken apart at the flush: a line may come in two. */
static void collect(struct task *task, struct control *control, const char *data, size_t len)
{
    int err = buffer_add(&control->list, data, len);
    if (err) {
        control->spoilt = err;
        task_fail_errno(task, err, "the list is too long");
        return;
    }
    control->dirty = true;
    task_finish(task);
}

/* What kinds of lines are in a piece of a list? */
struct lines {
    bool is_signed, is_plain;
};

static struct lines look_at_lines(const char *data, size_t len)
{
    struct lines lines = {0};
    const char *end = data + len;

    while (data < end) {
        while (data < end && isspace((unsigned char)*data))
            data++;
        if (data == end)
            break;
        lines.is_signed |= *data == '+' || *data == '-';
        lines.is_plain |= *data != '+' && *data != '-' && *data != '#';
        data = memchr(data, '\n', (size_t)(end - data));
        if (!data)
            break;
    }
    return lines;
}

static void spoil(struct task *task, struct control *control, int err, const char *message)
{
    control->spoilt = err;
    task_fail_errno(task, err, message);
}

/* Writers with a buffer cut a long list anywhere: at a multiple of this, as a rule. */
#define WRITERS_BLOCK 4096

/* Signed lines, or additions: each whole line acts now, and what may be the first part of one
 * waits for the rest. */
static void act(struct task *task, struct control *control, const char *data, size_t len)
{
    struct entries entries = {0};
    int err = buffer_add(&control->list, data, len);
    if (err) {
        spoil(task, control, err, "the list is too long");
        return;
    }
    const char *text = control->list.data;
    const char *line_end = memrchr(text, '\n', control->list.len);
    size_t whole = control->list.len;
    if (len % WRITERS_BLOCK == 0)
        whole = line_end ? (size_t)(line_end - text) + 1 : 0;
    err = parse(task, text, whole, &entries);
    if (err) {
        control->spoilt = err;
        return;
    }
    buffer_drop(&control->list, whole);
    control->has_changed = true;
    apply_entries(task, &entries, true);
}

static void write_repositories(
    struct task *task, struct control *control, const char *data, size_t len)
{
    const struct lines lines = look_at_lines(data, len);
    bool goes_on = control->has_changed && control->list.len > 0; /* in the midst of a line */
    bool is_mixed = (lines.is_signed && (lines.is_plain || control->has_plain)) ||
                    (lines.is_plain && control->has_changed);

    if (control->spoilt) {
        task_fail_errno(task, control->spoilt, "the list was refused; write it anew");
    } else if (control->append || goes_on) {
        act(task, control, data, len);
    } else if (is_mixed) {
        spoil(task, control, -EINVAL, "lines with and without a sign cannot be mixed");
    } else if (lines.is_signed) {
        control_truncate(control); /* comments before */
        act(task, control, data, len);
    } else if (control->has_changed) {
        task_finish(task); /* comments after */
    } else {
        control->has_plain |= lines.is_plain;
        collect(task, control, data, len);
    }
}

void tree_write_control(
    struct task *task, struct control *control, const char *data, size_t len)
{
    writers_add(&control->writers, task->tid);
    if (is_visibility(control->node))
        write_visibility(task, data, len);
    else
        write_repositories(task, control, data, len);
}

/* A line that was not ended yet, or a list that replaces. */
static bool has_unapplied(const struct control *control)
{
    return control->dirty || (control->has_changed && control->list.len > 0);
}

static void apply_rest(struct task *task, struct control *control)
{
    struct entries entries = {0};
    bool replaces = control->dirty;

    if (!has_unapplied(control)) { /* another flush has applied it meanwhile */
        task_finish(task);
        return;
    }
    int err = parse(task, control->list.data, control->list.len, &entries);
    control->dirty = false;
    if (!replaces)
        buffer_clear(&control->list);
    if (!err)
        apply_entries(task, &entries, !replaces);
}

static void holders_seen(struct holders *holders, int err)
{
    struct task *task = CONTAINER_OF(holders, struct task, holders);

    if (err == -EBUSY)
        task_finish(task); /* the one who lets go of it last will see to it */
    else if (err)
        task_fail_errno(task, err, strerror(-err));
    else
        apply_rest(task, task->control);
}

void tree_flush_control(struct task *task, struct control *control)
{
    task->control = control;
    task->notice_fd = control->notice_fd;
    if (control->spoilt) {
        task_fail_errno(task, control->spoilt, "the list was refused");
        return;
    }
    if (!has_unapplied(control)) {
        task_finish(task);
        return;
    }
    int err = holders_init(
        &task->holders, task->tree->loop, control->node->ino, &control->writers, task->tid);
    for (const struct control *c = task->tree->controls; c && !err; c = c->next)
        if (c != control && c->node == control->node)
            err = holders_beside(&task->holders, &c->writers);
    if (err)
        task_fail_errno(task, err, strerror(-err));
    else
        holders_look(&task->holders, holders_seen);
}
