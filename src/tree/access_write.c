#include "tree/access_write.h"

#include <ctype.h>
#include <errno.h>

#include "base/container.h"
#include "nodes/node.h"
#include "nodes/tree.h"
#include "sync/listing.h"
#include "sync/policy.h"
#include "sync/selection_apply.h"
#include "sync/upload.h"

/* A write or an apply, while the API is asked. */
struct access_write {
    struct cleanup cleanup; /* of the task */
    struct task *task;      /* on the file */
    struct access_file *file;
    struct wait wait;
    enum visibility visibility; /* the word that was written */
};

static void access_write_undo(struct cleanup *cleanup)
{
    struct access_write *write = CONTAINER_OF(cleanup, struct access_write, cleanup);
    wait_leave(&write->wait);
    free(write);
}

/* Makes an access_write, which the task owns. NULL without memory. */
static struct access_write *access_write_new(struct task *task, struct access_file *file)
{
    struct access_write *write = calloc(1, sizeof *write);

    if (!write)
        return NULL;
    write->cleanup.undo = access_write_undo;
    write->task = task;
    write->file = file;
    write->wait.deadline_ms = task->deadline_ms;
    cleanup_push(&task->cleanups, &write->cleanup);
    return write;
}

void access_file_fail(struct task *task, struct access_file *file, const struct failure *why)
{
    file->file.node->upload_error = why->err;
    task_fail(task, why);
}

void access_file_fail_errno(
    struct task *task, struct access_file *file, int err, const char *message)
{
    struct failure why;
    failure_set(&why, err, "%s", message);
    access_file_fail(task, file, &why);
}

void access_file_fail_again(struct task *task, struct access_file *file)
{
    task->quiet = true;
    task->notice_fd = -1;
    /* The node keeps no error anew: another list may have been applied since. */
    task_fail_errno(task, file->spoilt, "what was written was refused");
}

static void spoil(
    struct task *task, struct access_file *file, int err, const struct list_problem *problem)
{
    struct failure why;
    file->spoilt = err;
    if (problem->text)
        failure_set(&why, err, "line %u: %s", problem->line, problem->text);
    else
        failure_set(&why, err, "%s", err == -EFBIG ? "more than 2 MiB" : strerror(-err));
    access_file_fail(task, file, &why);
}

/* Lists */

/* The rest of a write whose first lines have failed must not act at the close. */
static void fail_list(struct task *task, struct access_file *file, const struct failure *why)
{
    if (file->list.acted > 0 && file->list.dirty)
        file->spoilt = why->err;
    list_text_take_back(&file->list);
    access_file_fail(task, file, why);
}

static void applied(void *arg, const struct failure *why)
{
    const struct access_write *write = arg;
    struct access_file *file = write->file;

    if (why) {
        fail_list(write->task, file, why);
    } else {
        file->file.node->upload_error = 0;
        task_finish(write->task);
    }
}

static void list_abandon(struct cleanup *cleanup, int err, const char *why)
{
    const struct access_write *write = CONTAINER_OF(cleanup, struct access_write, cleanup);
    (void)why;
    upload_is_lost(write->file->file.node, err);
}

static void start_change(
    struct task *task, struct access_file *file, struct entries *entries, bool changes)
{
    struct access_write *write = access_write_new(task, file);

    if (!write) {
        struct failure why;
        failure_set(&why, -ENOMEM, "%s", strerror(ENOMEM));
        entries_release(entries);
        fail_list(task, file, &why);
        return;
    }
    write->cleanup.abandon = list_abandon;
    selection_apply(task, access_file_policy(file), entries, changes, applied, write);
}

static void apply_list(
    struct task *task, struct access_file *file, const struct list_piece *piece)
{
    struct entries entries;
    struct list_problem problem = {0};
    /* orgs/ORG/actions/access/NAME */
    const char *organization = access_file_policy(file)->parent->parent->parent->name;
    bool changes = piece->use == LIST_CHANGES;

    int err =
        entries_parse(piece->text, piece->len, piece->line, organization, &entries, &problem);
    if (err) {
        spoil(task, file, err, &problem);
    } else if (entries.is_blank || (changes && entries.count == 0)) {
        entries_release(&entries);
        task_finish(task);
    } else {
        start_change(task, file, &entries, changes);
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

/* Is the line without an end already no beginning of a word? The writer is told at once, since
 * a program like `echo -n` never ends the line. */
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
    struct access_write *write = CONTAINER_OF(wait, struct access_write, wait);
    struct task *task = write->task;
    struct access_file *file = write->file;
    struct node *policy_node = access_file_policy(file);
    const struct policy *policy = node_policy(policy_node);
    int err = wait->failure.err;

    if (err && err != -ENOENT) {
        access_file_fail(task, file, &wait->failure);
        return;
    }
    if (policy_node->presence == NODE_GONE) {
        access_file_fail_errno(task, file, -ESTALE, "the policy was removed");
        return;
    }
    if (!(policy && policy->prepared) && !policy_secret(task->tree, policy_node)) {
        access_file_fail_errno(task, file, -ENOENT, "what the policy is for is gone");
        return;
    }
    err = policy_hold(task->tree, policy_node, write->visibility);
    if (err) {
        access_file_fail_errno(task, file, err, strerror(-err));
        return;
    }
    file->file.node->upload_error = 0;
    task_finish(task);
}

/* A visibility is held only if the server has another one; another client may have changed the
 * server's since the listing, so a secret that was not seen lately is asked for again. */
static int want_visibility(struct access_write *write)
{
    struct tree *tree = write->task->tree;
    const struct node *policy_node = access_file_policy(write->file);
    struct node *secrets = policy_secrets(tree, policy_node);
    uint64_t age_ms;

    if (!secrets) {
        failure_set(&write->wait.failure, -ENOMEM, "%s", strerror(ENOMEM));
        return -ENOMEM;
    }
    const struct node *secret = directory_find_here(secrets, policy_node->name);
    if (secret && policy_was_seen(tree, secret, &age_ms))
        return 0;
    return listing_want_one(tree, secrets, policy_node->name, &write->wait);
}

static void apply_word(
    struct task *task, struct access_file *file, const struct list_piece *piece)
{
    const char *text = piece->text;
    size_t len = piece->len;

    if (piece->line == 1)
        drop_mark(&text, &len);
    trim(&text, &len);
    enum visibility visibility = visibility_parse(text, len);
    if (len == 0) { /* an empty line changes nothing */
        task_finish(task);
        return;
    }
    if (visibility == VISIBILITY_NONE) {
        access_file_fail_errno(task, file, -EINVAL, NO_WORD);
        return;
    }
    struct access_write *write = access_write_new(task, file);
    if (!write) {
        access_file_fail_errno(task, file, -ENOMEM, strerror(ENOMEM));
        return;
    }
    write->visibility = visibility;
    write->wait.done = hold_visibility;
    wait_then(&write->wait, want_visibility(write));
}

/* Both */

/* Applies the part of the text that is to act now; with `all`, the whole rest. */
static void take(struct task *task, struct access_file *file, bool all)
{
    struct list_text *list = &file->list;
    struct list_problem problem = {NO_WORD, list->acted_lines + 1};
    struct list_piece piece;

    int err = list_text_take(list, all, &piece, &problem);
    if (err)
        spoil(task, file, err, &problem);
    else if (file->is_word && list->dirty && is_refused_already(list))
        spoil(task, file, -EINVAL, &problem);
    else if (piece.use == LIST_NOTHING)
        task_finish(task);
    else if (file->is_word)
        apply_word(task, file, &piece);
    else
        apply_list(task, file, &piece);
}

void access_file_apply(struct task *task, struct open_file *file)
{
    /* The text stays even if the change fails, since there is no write to be undone. */
    list_text_keep(&access_file_of(file)->list);
    take(task, access_file_of(file), true);
}

void access_file_write(struct task *task, struct open_file *open_file, const void *data,
    size_t len, const uint64_t *offset)
{
    struct access_file *file = access_file_of(open_file);
    struct list_problem problem = {0};

    if (file->spoilt) {
        access_file_fail_again(task, file);
        return;
    }
    int err = list_text_write(&file->list, data, len, offset, &problem);
    if (err)
        spoil(task, file, err, &problem);
    else
        take(task, file, false);
}
