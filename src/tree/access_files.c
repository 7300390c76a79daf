/* Control files that are open: until they are, and from their last flush on. What their writes
 * mean is in access_write.c. */
#include "tree/access_files.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <utlist.h>

#include "base/container.h"
#include "base/process.h"
#include "nodes/node.h"
#include "nodes/tree.h"
#include "sync/listing.h"
#include "sync/notice.h"
#include "sync/policy.h"
#include "tree/access_write.h"
#include "tree/last_flush.h"

/* Opening */

static bool can_write(const struct task *task)
{
    return (task->flags & O_ACCMODE) != O_RDONLY;
}

/* Makes what is open, with `text` in it, which is taken over. */
static void open_finish(struct task *task, struct buffer *text)
{
    struct tree *tree = task->tree;
    struct control *control = calloc(1, sizeof *control);

    if (!control) {
        buffer_release(text);
        task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
        return;
    }
    control->tree = tree;
    control->node = node_ref(task->node);
    control->can_write = can_write(task);
    control->list.text = *text;
    control->list.additions = control_is_visibility(control) || task->flags & O_APPEND;
    list_text_settle(&control->list);
    writers_init(&control->writers, task->tid);
    control->notice_fd = control->can_write && tree->options.tell_writers
                             ? notice_open(task->tid, task->uid)
                             : -1;
    DL_APPEND(tree->controls, control);
    task->control = control;
    task->result = task->node;
    task_finish(task);
}

static void open_with(struct task *task, const struct selection *selection)
{
    struct buffer text;
    buffer_init(&text, LIST_TEXT_MAX);
    int err = selection_write(selection, &text);
    if (err) {
        buffer_release(&text);
        task_fail_errno(task, err, strerror(-err));
    } else {
        open_finish(task, &text);
    }
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
    selection_sort(&selection);
    if (err)
        task_fail_errno(task, err, strerror(-err));
    else
        open_with(task, &selection);
    selection_release(&selection);
}

/* What is selected is asked for each time: it changes by other hands too. */
static void open_repositories(struct task *task)
{
    struct node *policy_node = task->node->parent;

    if (policy_is_held(policy_node)) {
        open_with(task, &policy_node->policy->selection);
        return;
    }
    int err = policy_fetch_selected(
        policy_node->parent->parent, policy_node->name, task, have_selected);
    if (err)
        task_fail_errno(task, err, strerror(-err));
}

static void open_visibility(struct task *task, enum visibility visibility)
{
    struct buffer text;
    buffer_init(&text, LIST_TEXT_MAX);
    int err = buffer_printf(&text, "%s\n", visibility_name(visibility));
    if (err)
        task_fail_errno(task, err, strerror(-err));
    else
        open_finish(task, &text);
}

static void have_secret(struct wait *wait)
{
    struct task *task = CONTAINER_OF(wait, struct task, wait);
    struct node *policy_node = task->node->parent;
    enum visibility visibility = policy_visibility(policy_node);

    if (wait->failure.err && !policy_is_held(policy_node))
        task_fail(task, &wait->failure);
    else if (visibility == VISIBILITY_NONE && policy_secret(task->tree, policy_node))
        task_fail_errno(task, -EPROTO, "the server does not say who may use it");
    else if (visibility == VISIBILITY_NONE)
        task_fail_errno(task, -ENOENT, strerror(ENOENT));
    else if (node_is_visibility(task->node))
        open_visibility(task, visibility);
    else
        open_repositories(task);
}

/* Does it matter what the file reads as? What is written to a list that was not truncated is
 * written over the list that there is. */
static bool needs_text(const struct task *task)
{
    bool reads = (task->flags & O_ACCMODE) != O_WRONLY;
    bool overwrites = !(task->flags & O_APPEND) && !node_is_visibility(task->node);
    return !(task->flags & O_TRUNC) && (reads || overwrites);
}

void tree_open_control(struct task *task)
{
    struct node *policy_node = task->node->parent;

    if (!needs_text(task)) {
        struct buffer nothing;
        buffer_init(&nothing, LIST_TEXT_MAX);
        open_finish(task, &nothing);
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

/* Closing */

static void tell_unapplied(const struct control *control)
{
    struct failure why;
    failure_set(
        &why, -ECANCELED, "nothing was changed: who has written it let go of it unseen");
    failures_add_at(
        &control->tree->failures, "write", control->node->parent, control->node->name, &why);
    notice_send(control->notice_fd, control->node->name, &why);
}

void control_close(struct control *control)
{
    struct node *node = control->node;
    struct tree *tree = control->tree;

    if (control->list.dirty && !control->spoilt)
        tell_unapplied(control);
    DL_DELETE(tree->controls, control);
    if (control->notice_fd >= 0)
        close(control->notice_fd);
    list_text_release(&control->list);
    free(control);
    node_unref(&tree->nodes, node);
}

int control_truncate(struct control *control, uint64_t len)
{
    /* A word that was written from the beginning, as its writer sees it. */
    if (control_is_visibility(control) && len == control->list.text.len - control->list.acted)
        return 0;
    int err = list_text_truncate(&control->list, len);
    if (!err && len == 0)
        control->spoilt = 0;
    control->list.additions |= control_is_visibility(control);
    return err;
}

int control_truncate_by_path(
    const struct tree *tree, const struct node *node, pid_t tid, uint64_t len)
{
    struct process_line line;
    struct control *found = NULL;

    int err = tree->controls ? process_line_of(process_group_of(tid), &line) : 0;
    for (struct control *c = tree->controls; c && !err; c = c->next) {
        if (c->node != node || !c->can_write || !writers_may_include(&c->writers, &line))
            continue;
        err = found ? -EBUSY : 0;
        found = c;
    }
    if (err)
        return err;
    if (found)
        return control_truncate(found, len);
    return len == 0 ? 0 : -EINVAL; /* it is what is written that counts */
}

size_t control_size(const struct tree *tree, const struct node *node)
{
    size_t read = 0, written = 0;
    bool is_written = false;
    for (const struct control *c = tree->controls; c; c = c->next) {
        if (c->node != node)
            continue;
        size_t *size = c->can_write ? &written : &read;
        is_written |= c->can_write;
        if (*size < c->list.text.len)
            *size = c->list.text.len;
    }
    return is_written ? written : read;
}

/* Flushing */

/* False when the task has ended: there is nothing to be applied. */
static bool has_unapplied(struct task *task, struct control *control)
{
    task->control = control;
    task->notice_fd = control->notice_fd;
    if (control->spoilt)
        control_fail_again(task);
    else if (!control->list.dirty)
        task_finish(task);
    else
        return true;
    return false;
}

/* It cannot be told whether the list is whole. */
static void fail_blind(struct task *task, int err)
{
    task->control->spoilt = err;
    control_fail_errno(task, err, strerror(-err));
}

static bool has_more(struct task *task)
{
    return has_unapplied(task, task->control);
}

/* What a writer that has failed wrote is no list. */
static void drop_list(struct task *task, const struct failure *why)
{
    task->control->spoilt = why->err;
    control_fail(task, why);
}

/* Whoever has the file open to read it holds nobody up. */
static int other_writers(struct task *task, struct holders *holders)
{
    const struct control *control = task->control;
    int err = 0;

    for (const struct control *c = task->tree->controls; c && !err; c = c->next)
        if (c != control && c->node == control->node && c->can_write)
            err = holders_beside(holders, &c->writers);
    return err;
}

static const struct flush_actions lists = {.beside = other_writers,
    .has_unsent = has_more,
    .send = control_apply,
    .drop = drop_list,
    .blind = fail_blind};

void tree_flush_control(struct task *task, struct control *control)
{
    if (!has_unapplied(task, control))
        return;
    last_flush_look(task, control->node->ino, &control->writers, &lists);
}

void tree_fsync_control(struct task *task, struct control *control)
{
    if (!control->spoilt && !control->list.dirty && control->node->upload_error)
        task_fail_errno(task, control->node->upload_error, "the last change of it failed");
    else if (has_unapplied(task, control))
        control_apply(task);
}
