/* The files `visibility` and `repositories`: opening, length, flush and close. The text that
 * is written is taken apart in access_write.c. */
#include "tree/access_file.h"

#include <errno.h>
#include <fcntl.h>

#include "base/container.h"
#include "base/notice.h"
#include "nodes/tree.h"
#include "sync/listing.h"
#include "sync/policy.h"
#include "tree/access_write.h"
#include "tree/last_flush.h"

/* Opening */

/* An open, while the present text of the file is fetched. */
struct access_opening {
    struct cleanup cleanup; /* of the task */
    struct task *task;      /* on the file */
    bool is_word;
    int flags;
    struct open_file **ret;
    struct wait wait;
    struct list *list;
};

static void opening_undo(struct cleanup *cleanup)
{
    struct access_opening *opening = CONTAINER_OF(cleanup, struct access_opening, cleanup);
    wait_leave(&opening->wait);
    list_cancel(opening->list);
    free(opening);
}

/* Makes the open file, which takes over `text`. */
static void open_finish(struct access_opening *opening, struct buffer *text)
{
    struct task *task = opening->task;
    struct access_file *file = calloc(1, sizeof *file);

    if (!file) {
        buffer_release(text);
        task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
        return;
    }
    open_file_init(
        &file->file, task->node->kind->type->opened, task, task->node, opening->flags);
    file->is_word = opening->is_word;
    file->list.text = *text;
    file->list.additions = file->is_word || opening->flags & O_APPEND;
    list_text_settle(&file->list);
    *opening->ret = &file->file;
    task->result = task->node;
    task_finish(task);
}

static void open_with(struct access_opening *opening, const struct selection *selection)
{
    struct buffer text;
    buffer_init(&text, LIST_TEXT_MAX);
    int err = selection_write(selection, &text);
    if (err) {
        buffer_release(&text);
        task_fail_errno(opening->task, err, strerror(-err));
    } else {
        open_finish(opening, &text);
    }
}

/* The server's list, with the held lines that have a sign. */
static void open_with_changes(struct access_opening *opening, const struct selection *servers)
{
    static const struct selection none = {0};
    const struct policy *held = node_policy(opening->task->node->parent);
    struct selection selection;

    int err = selection_change(held && held->replaces ? &none : servers,
        held ? &held->selection : &none, held ? &held->removed : &none, &selection);
    if (err) {
        task_fail_errno(opening->task, err, strerror(-err));
        return;
    }
    selection_sort(&selection);
    open_with(opening, &selection);
    selection_release(&selection);
}

static void have_selected(
    void *arg, const struct failure *why, const struct rows *rows, struct etags *etags)
{
    struct access_opening *opening = arg;
    struct task *task = opening->task;
    struct selection selection = {0};
    int err = 0;
    (void)etags;

    opening->list = NULL;
    if (why) {
        task_fail(task, why);
        return;
    }
    for (size_t i = 0; !err && i < rows->count; i++) {
        err = selection_add(&selection, rows->row[i].name, rows->row[i].id);
        repository_ids_add(&task->tree->repository_ids, rows->row[i].name, rows->row[i].id);
    }
    if (err)
        task_fail_errno(task, err, strerror(-err));
    else
        open_with_changes(opening, &selection);
    selection_release(&selection);
}

/* The selection is fetched at each open, since other clients change selections too. */
static void begin_with_selected(struct access_opening *opening)
{
    struct task *task = opening->task;
    struct node *policy_node = task->node->parent;
    const struct policy *held = node_policy(policy_node);

    if (held && !policy_keeps_list(held, policy_secret(task->tree, policy_node))) {
        open_with(opening, &held->selection);
        return;
    }
    struct node *secrets = policy_secrets(task->tree, policy_node);
    int err = secrets ? policy_fetch_selected(task->tree, secrets, policy_node->name,
                            task->deadline_ms, have_selected, opening, &opening->list)
                      : -ENOMEM;
    if (err)
        task_fail_errno(task, err, strerror(-err));
}

static void begin_with_word(struct access_opening *opening, enum visibility visibility)
{
    struct buffer text;
    buffer_init(&text, LIST_TEXT_MAX);
    int err = buffer_printf(&text, "%s\n", visibility_name(visibility));
    if (err)
        task_fail_errno(opening->task, err, strerror(-err));
    else
        open_finish(opening, &text);
}

static void have_secret(struct wait *wait)
{
    struct access_opening *opening = CONTAINER_OF(wait, struct access_opening, wait);
    struct task *task = opening->task;
    struct node *policy_node = task->node->parent;
    enum visibility visibility = policy_visibility(policy_node);

    if (wait->failure.err && !policy_is_held(policy_node))
        task_fail(task, &wait->failure);
    else if (visibility == VISIBILITY_NONE && policy_secret(task->tree, policy_node))
        task_fail_errno(task, -EPROTO, "the server does not say who may use it");
    else if (visibility == VISIBILITY_NONE)
        task_fail_errno(task, -ENOENT, strerror(ENOENT));
    else if (opening->is_word)
        begin_with_word(opening, visibility);
    else
        begin_with_selected(opening);
}

/* Must the present text be fetched? For reading, and for a list that is neither truncated nor
 * appended to, since writes then overwrite parts of the present list. */
static bool needs_text(const struct access_opening *opening)
{
    bool reads = (opening->flags & O_ACCMODE) != O_WRONLY;
    bool overwrites = !(opening->flags & O_APPEND) && !opening->is_word;
    return !(opening->flags & O_TRUNC) && (reads || overwrites);
}

static void begin(struct access_opening *opening)
{
    struct tree *tree = opening->task->tree;
    struct node *policy_node = opening->task->node->parent;

    if (!needs_text(opening)) {
        struct buffer nothing;
        buffer_init(&nothing, LIST_TEXT_MAX);
        open_finish(opening, &nothing);
        return;
    }
    struct node *secrets = policy_secrets(tree, policy_node);
    if (opening->is_word && policy_is_firm(policy_node))
        wait_then(&opening->wait, 0);
    else if (secrets)
        wait_then(&opening->wait, listing_want(tree, secrets, &opening->wait));
    else
        task_fail_errno(opening->task, -ENOMEM, strerror(ENOMEM));
}

static void open_as(struct task *task, bool is_word, int flags, struct open_file **ret)
{
    struct access_opening *opening = calloc(1, sizeof *opening);

    if (!opening) {
        task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
        return;
    }
    *opening = (struct access_opening){
        .cleanup = {.undo = opening_undo},
        .task = task,
        .is_word = is_word,
        .flags = flags,
        .ret = ret,
        .wait = {.done = have_secret, .deadline_ms = task->deadline_ms},
    };
    cleanup_push(&task->cleanups, &opening->cleanup);
    begin(opening);
}

void visibility_file_open(struct task *task, int flags, struct open_file **ret)
{
    open_as(task, true, flags, ret);
}

void repositories_file_open(struct task *task, int flags, struct open_file **ret)
{
    open_as(task, false, flags, ret);
}

/* Closing */

static void tell_unapplied(const struct open_file *file)
{
    struct failure why;
    failure_set(
        &why, -ECANCELED, "nothing was changed: who has written it let go of it unseen");
    failures_add_at(&file->tree->failures, "write", file->node, "", &why);
    notice_send(file->notice_fd, file->node->name, &why);
}

/* A list that was never applied is told in `errors` and on the opener's standard error. */
static void access_file_close(struct open_file *open_file)
{
    struct access_file *file = access_file_of(open_file);

    if (file->list.dirty && !file->spoilt)
        tell_unapplied(open_file);
    list_text_release(&file->list);
    open_file_release(open_file);
    free(file);
}

/* Text and length */

static const struct buffer *buffer_of(const struct open_file *file)
{
    return &((const struct access_file *)file)->list.text;
}

static void access_file_text(const struct open_file *file, const char **ret, size_t *ret_len)
{
    *ret = buffer_of(file)->data;
    *ret_len = buffer_of(file)->len;
}

uint64_t access_file_size(
    const struct tree *tree, const struct node *node, const struct open_file *file, pid_t tid)
{
    size_t read = 0, written = 0;
    bool is_written = false;
    (void)file, (void)tid;

    for (const struct open_file *f = tree->open_files; f; f = f->next) {
        if (f->node != node)
            continue;
        size_t *size = f->can_write ? &written : &read;
        is_written |= f->can_write;
        if (*size < buffer_of(f)->len)
            *size = buffer_of(f)->len;
    }
    return is_written ? written : read;
}

static int access_file_truncate(struct open_file *open_file, uint64_t len)
{
    struct access_file *file = access_file_of(open_file);

    /* To the writer of a word the file begins where the unapplied text begins, so this length
     * is the length that the writer has written. */
    if (file->is_word && len == file->list.text.len - file->list.acted)
        return 0;
    int err = list_text_truncate(&file->list, len);
    if (!err && len == 0)
        file->spoilt = 0;
    file->list.additions |= file->is_word;
    return err;
}

/* Flushing */

static bool access_file_has_unsent(struct task *task, struct open_file *open_file)
{
    struct access_file *file = access_file_of(open_file);

    task->notice_fd = open_file->notice_fd;
    if (file->spoilt)
        access_file_fail_again(task, file);
    else if (!file->list.dirty)
        task_finish(task);
    else
        return true;
    return false;
}

static void access_file_blind(struct task *task, struct open_file *file, int err)
{
    access_file_of(file)->spoilt = err;
    access_file_fail_errno(task, access_file_of(file), err, strerror(-err));
}

/* A writer that has failed may have written half a list. */
static void access_file_drop(
    struct task *task, struct open_file *file, const struct failure *why)
{
    access_file_of(file)->spoilt = why->err;
    access_file_fail(task, access_file_of(file), why);
}

static void access_file_flush(struct task *task, struct open_file *file)
{
    if (access_file_has_unsent(task, file))
        last_flush_look(task, file);
}

static void access_file_fsync(struct task *task, struct open_file *open_file)
{
    const struct access_file *file = access_file_of(open_file);
    int err = open_file->node->upload_error;

    if (!file->spoilt && !file->list.dirty && err)
        task_fail_errno(task, err, "the last change of it failed");
    else if (access_file_has_unsent(task, open_file))
        access_file_apply(task, open_file);
}

const struct open_type open_access_file = {
    .max = LIST_TEXT_MAX,
    .text = access_file_text,
    .write = access_file_write,
    .truncate = access_file_truncate,
    .flush = access_file_flush,
    .fsync = access_file_fsync,
    .release = access_file_close,
    .close = access_file_close,
    .has_unsent = access_file_has_unsent,
    .send = access_file_apply,
    .drop = access_file_drop,
    .blind = access_file_blind,
};
