#include "tree/access_write.h"

#include <ctype.h>
#include <errno.h>

#include "base/container.h"
#include "nodes/node.h"
#include "nodes/tree.h"
#include "sync/listing.h"
#include "sync/policy.h"
#include "sync/selection_apply.h"

bool node_is_visibility(const struct node *file)
{
    return file->kind->is_word;
}

bool control_is_visibility(const struct control *control)
{
    return node_is_visibility(control->node);
}

void control_fail(struct task *task, const struct failure *why)
{
    task->control->node->upload_error = why->err;
    task_fail(task, why);
}

void control_fail_errno(struct task *task, int err, const char *message)
{
    struct failure why;
    failure_set(&why, err, "%s", message);
    control_fail(task, &why);
}

void control_fail_again(struct task *task)
{
    task->quiet = true;
    task->notice_fd = -1;
    control_fail_errno(task, task->control->spoilt, "what was written was refused");
}

static void spoil(struct task *task, int err, const struct list_problem *problem)
{
    struct failure why;
    task->control->spoilt = err;
    if (problem->text)
        failure_set(&why, err, "line %u: %s", problem->line, problem->text);
    else
        failure_set(&why, err, "%s", err == -EFBIG ? "more than 2 MiB" : strerror(-err));
    control_fail(task, &why);
}

/* Lists */

/* The beginning of a line that came with what has failed must not act at the close. */
static void changed(struct task *task, const struct failure *why)
{
    struct control *control = task->control;
    if (why) {
        if (control->list.acted > 0 && control->list.dirty)
            control->spoilt = why->err;
        list_text_take_back(&control->list);
        control_fail(task, why);
    } else {
        control->node->upload_error = 0;
        task_finish(task);
    }
}

static void apply_list(struct task *task, const struct list_piece *piece)
{
    struct entries entries;
    struct list_problem problem = {0};
    const char *organization = task->node->parent->parent->parent->name;
    bool changes = piece->use == LIST_CHANGES;

    int err =
        entries_parse(piece->text, piece->len, piece->line, organization, &entries, &problem);
    if (err) {
        spoil(task, err, &problem);
    } else if (entries.is_blank || (changes && entries.count == 0)) {
        entries_release(&entries);
        task_finish(task);
    } else {
        task->written = task->control->node;
        change_start(task, &entries, changes, changed);
    }
}

/* Words */

#define NO_WORD "expected all, private or selected"

static const char *const words[] = {"all", "private", "selected"};

static bool is_beginning_of_word(const char *text, size_t len)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (len <= strlen(words[i]) && memcmp(words[i], text, len) == 0)
            return true;
    return false;
}

static void trim(const char **text, size_t *len)
{
    while (*len > 0 && isspace((unsigned char)(*text)[*len - 1]))
        --*len;
    while (*len > 0 && isspace((unsigned char)**text)) {
        ++*text;
        --*len;
    }
}

static void drop_mark(const char **text, size_t *len)
{
    size_t mark = strlen(BYTE_ORDER_MARK);
    if (*len >= mark && memcmp(*text, BYTE_ORDER_MARK, mark) == 0) {
        *text += mark;
        *len -= mark;
    }
}

/* A line that is not ended yet, and can be no word whatever comes: echo -n is told too. */
static bool is_refused_already(const struct list_text *list)
{
    const char *text = list->text.data + list->acted;
    size_t len = list->text.len - list->acted;
    if (list->acted == 0 && len < strlen(BYTE_ORDER_MARK) &&
        memcmp(text, BYTE_ORDER_MARK, len) == 0)
        return false;
    if (list->acted == 0)
        drop_mark(&text, &len);
    trim(&text, &len);
    return !is_beginning_of_word(text, len);
}

static void hold_visibility(struct wait *wait)
{
    struct task *task = CONTAINER_OF(wait, struct task, wait);
    const struct policy *policy = task->node->policy;
    int err = wait->failure.err;

    if (err && err != -ENOENT) {
        control_fail(task, &wait->failure);
        return;
    }
    if (task->node->presence == NODE_GONE) {
        control_fail_errno(task, -ESTALE, "the policy was removed");
        return;
    }
    if (!(policy && policy->prepared) && !policy_secret(task->tree, task->node)) {
        control_fail_errno(task, -ENOENT, "the secret is gone");
        return;
    }
    err = policy_hold(task->tree, task->node, task->visibility);
    if (err) {
        control_fail_errno(task, err, strerror(-err));
        return;
    }
    task->control->node->upload_error = 0;
    task_finish(task);
}

/* Whether anything is to be held depends on what the server has: another hand may have changed
 * that since it was listed. */
static int want_visibility(struct task *task, struct node *secrets)
{
    const struct node *secret = directory_find_here(secrets, task->node->name);
    uint64_t age_ms;

    if (secret && policy_was_seen(task->tree, secret, &age_ms))
        return 0;
    return listing_want_one(task->tree, secrets, task->node->name, &task->wait);
}

static void apply_word(struct task *task, const struct list_piece *piece)
{
    struct node *secrets = policy_secrets(task->tree, task->node);
    const char *text = piece->text;
    size_t len = piece->len;

    if (piece->line == 1)
        drop_mark(&text, &len);
    trim(&text, &len);
    if (len == 0) { /* a line end alone changes nothing */
        task_finish(task);
        return;
    }
    task->visibility = visibility_parse(text, len);
    if (task->visibility == VISIBILITY_NONE) {
        control_fail_errno(task, -EINVAL, NO_WORD);
        return;
    }
    task->wait.done = hold_visibility;
    int err = secrets ? want_visibility(task, secrets) : -ENOMEM;
    if (err == -EINPROGRESS)
        return;
    if (!secrets)
        failure_set(&task->wait.failure, err, "%s", strerror(ENOMEM));
    task->wait.failure.err = err;
    hold_visibility(&task->wait);
}

/* Both */

/* What is to act now. */
static void take(struct task *task, bool all)
{
    struct control *control = task->control;
    struct list_problem problem = {NO_WORD, control->list.acted_lines + 1};
    struct list_piece piece;
    bool is_word = control_is_visibility(control);

    int err = list_text_take(&control->list, all, &piece, &problem);
    if (err)
        spoil(task, err, &problem);
    else if (is_word && control->list.dirty && is_refused_already(&control->list))
        spoil(task, -EINVAL, &problem);
    else if (piece.use == LIST_NOTHING)
        task_finish(task);
    else if (is_word)
        apply_word(task, &piece);
    else
        apply_list(task, &piece);
}

void control_apply(struct task *task)
{
    list_text_keep(&task->control->list); /* no write fails by this */
    take(task, true);
}

void tree_write_control(struct task *task, struct control *control, const char *data,
    size_t len, const uint64_t *offset)
{
    struct list_problem problem = {0};

    task->control = control;
    writers_add(&control->writers, task->tid);
    if (control->spoilt) {
        control_fail_again(task);
        return;
    }
    int err = list_text_write(&control->list, data, len, offset, &problem);
    if (err)
        spoil(task, err, &problem);
    else
        take(task, false);
}
