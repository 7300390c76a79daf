/* Opening a file by a name that may be new, and storing a value under a name. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/container.h"
#include "base/notice.h"
#include "base/process.h"
#include "nodes/presence.h"
#include "nodes/staging.h"
#include "nodes/tree.h"
#include "sync/remove.h"
#include "tree/opening.h"
#include "tree/operations.h"

static bool is_store(const struct opening *opening)
{
    return !opening->ret;
}

/* Finds or makes the secret task->name, referenced. 0 or -errno. */
static int create_node(struct task *task, struct node **ret)
{
    struct node *dir = task->node;
    struct nodes *nodes = &task->tree->nodes;
    struct node *node = directory_find(dir, task->name);

    if (node && node->presence == NODE_HELD) { /* take_held() has called the DELETE off */
        *ret = presence_replace(nodes, node);
        return *ret ? 0 : -ENOMEM;
    }
    if (node && !node_is_from_api(node)) /* a staging file, or `.env` */
        return -EEXIST;
    if (node) {
        if (node_is_in_doubt(node)) /* the failure of an earlier PUT is not this writer's */
            node->upload_error = 0;
        *ret = node_ref(node);
        return 0;
    }
    name_to_upper(task->name);
    node = node_new(nodes, dir->kind->child, dir, task->name);
    if (!node)
        return -ENOMEM;
    int err = directory_add(dir, node);
    if (err) {
        node_unref(nodes, node);
        return err;
    }
    *ret = node;
    return 0;
}

/* The task moves to the secret, whose turns order the uploads. */
static void store_on(struct opening *opening, struct node *node)
{
    task_move_to(opening->task, node);
    node->writers++;
    opening->writer = node;
    node->kind->type->store(opening->task, &opening->payload);
}

static void create_secret(struct opening *opening)
{
    struct nodes *nodes = &opening->task->tree->nodes;
    struct node *node;

    int err = create_node(opening->task, &node);
    if (err) {
        task_fail_errno(opening->task, err, strerror(-err));
        return;
    }
    if (is_store(opening))
        store_on(opening, node);
    else
        opening_finish(opening, node);
    node_unref(nodes, node);
}

static void create_or_open_secret(struct opening *opening)
{
    struct task *task = opening->task;
    const struct node *dir = opening->secrets;
    const char *noun = dir->kind->store->noun;
    bool exists = directory_find_here(dir, task->name);

    if (exists && (opening->flags & O_EXCL)) {
        task_fail_with(task, -EEXIST, "the %s exists", noun);
    } else if (exists && !is_store(opening) && flags_want_reading(opening->flags)) {
        fail_unreadable(task, noun);
    } else if (exists && (opening->flags & O_APPEND)) {
        task_fail_errno(task, -EPERM, "cannot append: the old value cannot be read");
    } else if (!exists && store_is_full(dir)) {
        fail_full(task, dir);
    } else {
        create_secret(opening);
    }
}

/* Opens a file that only this mount has: a staging file or `.env`. */
static void open_local(struct opening *opening, struct node *node)
{
    struct staged *staged = node_staged(node);

    if (opening->flags & O_EXCL) {
        task_fail_errno(opening->task, -EEXIST, "the file exists");
        return;
    }
    if (staged && (opening->flags & O_TRUNC))
        value_clear(&staged->value);
    opening_finish(opening, node);
}

static void create_staging(struct opening *opening)
{
    struct task *task = opening->task;
    struct node *node = NULL;
    int err = directory_find(opening->secrets, task->name)
                  ? -EEXIST /* a secret has the name */
                  : staging_create(task->tree, opening->secrets, task->name, &node);
    if (err)
        task_fail_errno(task, err,
            err == -ENOSPC ? "too many staging files are left here" : strerror(-err));
    else
        opening_finish(opening, node);
}

static void create_bulk(struct opening *opening)
{
    struct task *task = opening->task;
    struct node *dir = opening->secrets;
    struct node *node = directory_find(dir, task->name);

    if (!node) /* the node stays while the kernel or an open file uses it */
        node = node_make_child(&task->tree->nodes, dir->kind->bulk, dir, NAME_BULK);
    if (!node) {
        task_fail_errno(task, -ENOMEM, strerror(ENOMEM));
    } else if (node->kind != dir->kind->bulk) {
        task_fail_with(
            task, -EEXIST, "the server has a %s of that name", dir->kind->store->noun);
    } else if (is_store(opening)) {
        task_move_to(task, node);
        node->kind->type->store(task, &opening->payload);
    } else {
        opening_finish(opening, node);
    }
}

/* Is the name of the new file the name of a secret that is there, with something appended? */
static bool is_beside_secret(const struct opening *opening)
{
    const char *name = opening->task->name;
    char stem[NAME_SIZE];

    if (!opening->as_mkstemp || opening->taken)
        return false;
    (void)!text_copy(stem, sizeof stem, name);
    for (size_t len = name_stem_length(name); len > 0; len--) {
        stem[len] = '\0';
        const struct node *node = directory_find(opening->secrets, stem);
        if (node && node_is_from_api(node) && node->presence != NODE_HELD)
            return true;
    }
    return false;
}

/* Is the new file, by its name and its flags, one that a program will rename? A file that takes
 * a secret's place is that secret, whatever its name looks like. */
static bool is_staging(const struct opening *opening)
{
    const char *name = opening->task->name;

    if (is_store(opening) || opening->taken)
        return false;
    return name_is_staging(name, opening->flags & O_EXCL) ||
           (opening->as_mkstemp && name_is_temporary(name));
}

/* After the preflight: opens or stores the file. */
static void create_ready(struct opening *opening)
{
    const char *name = opening->task->name;
    struct node *node = directory_find(opening->secrets, name);

    if (node && opening_awaits_removal(opening, node))
        return;
    if (node && !node_is_from_api(node) && !is_store(opening))
        open_local(opening, node);
    else if (name_is_bulk(name))
        create_bulk(opening);
    else if (is_staging(opening) || is_beside_secret(opening))
        create_staging(opening);
    else
        create_or_open_secret(opening);
}

static void preflight(struct opening *opening)
{
    if (is_store(opening) || check_writer(opening->task))
        opening_preflight(opening, true);
}

static void take_held(struct opening *opening);

/* The DELETE of the name has ended: the secret has gone, or has come back because the DELETE
 * failed. */
static void held_has_settled(struct wait *wait)
{
    take_held(CONTAINER_OF(wait, struct opening, removal));
}

/* Calls off a held DELETE of the name, for good, even if the rest then fails. A DELETE
 * that was sent already, or that must wait for a PUT of the secret, is waited for instead. */
static void take_held(struct opening *opening)
{
    struct task *task = opening->task;
    struct node *node = directory_find(opening->secrets, task->name);

    if (!node || node->presence != NODE_HELD) {
        preflight(opening);
        return;
    }
    node_ref(node); /* held_take() may give back the last reference */
    if (held_take(node, &opening->removal) == -EINPROGRESS) {
        node_unref(&task->tree->nodes, node);
        return;
    }
    opening->taken = node;
    preflight(opening);
}

/* mv, and others, try a name in several ways when one way is EINVAL. */
#define TOLD_MS 1000

/* Has the process been told of that name already? It will have been, from now on. */
static bool was_told(const struct task *task)
{
    struct tree *tree = task->tree;
    pid_t process = process_group_of(task->tid);
    uint64_t now = loop_now_ms();
    bool was = tree->refused.process == process && now < tree->refused.until_ms &&
               strcmp(tree->refused.name, task->name) == 0;

    tree->refused.process = process;
    tree->refused.until_ms = now + TOLD_MS;
    (void)!text_copy(tree->refused.name, sizeof tree->refused.name, task->name);
    return was;
}

/* EINVAL says little, so the caller's standard error gets the rule that the name breaks. */
static void refuse_name(struct task *task, const char *rule)
{
    struct failure why;
    failure_set(&why, -EINVAL, "%s", rule);
    if (task->tree->options.tell_writers && !was_told(task)) {
        int fd = notice_open(task->tid, task->uid);
        notice_send(fd, task->name, &why);
        if (fd >= 0)
            close(fd);
    }
    task_fail(task, &why);
}

/* NULL when a file task->name can be made, else the rule that the name breaks. */
static const char *problem_of_name(const struct opening *opening)
{
    const char *name = opening->task->name;
    const struct node *known = directory_find(opening->secrets, name);
    bool is_local = is_staging(opening) || (!is_store(opening) && known && node_staged(known));
    return is_local || name_is_bulk(name) ? NULL
                                          : opening->secrets->kind->store->name_problem(name);
}

/* Sets task->name. False when task->node takes no file of that name: the task has ended. */
static bool take_name(struct task *task, const char *file_name)
{
    const struct node *dir = task->node;

    if (node_is_gone(dir))
        task_fail_errno(task, -ESTALE, "the directory is gone");
    else if (!text_copy(task->name, sizeof task->name, file_name))
        task_fail_errno(task, -ENAMETOOLONG, "a name has at most 255 bytes");
    else if (!dir->kind->store)
        task_fail_errno(task, -EPERM, "files can be made in directories of secrets only");
    else
        return true;
    return false;
}

static void create(struct opening *opening)
{
    const char *problem = problem_of_name(opening);

    opening->removal =
        (struct wait){.done = held_has_settled, .deadline_ms = opening->task->deadline_ms};
    if (problem)
        refuse_name(opening->task, problem);
    else
        take_held(opening);
}

void tree_create_other(struct task *task, const char *file_name)
{
    held_go_on(task->tree, task->tid, task->node, file_name);
    held_keep(task->node, file_name);
    if (text_copy(task->name, sizeof task->name, file_name))
        task_fail_errno(task, -EPERM, "only regular files can be made");
    else
        task_fail_errno(task, -ENAMETOOLONG, "a name has at most 255 bytes");
}

void tree_create(struct task *task, const char *file_name, int flags, bool as_mkstemp,
    struct open_file **ret)
{
    struct opening *opening;

    held_go_on(task->tree, task->tid, task->node, file_name);
    if (!take_name(task, file_name) ||
        !(opening = opening_new(task, task->node, flags, ret, create_ready)))
        return;
    opening->as_mkstemp = as_mkstemp;
    create(opening);
}

void tree_store(
    struct task *task, const char *file_name, const struct payload *payload, int flags)
{
    struct opening *opening;

    if (!take_name(task, file_name) ||
        !(opening = opening_new(task, task->node, flags, NULL, create_ready)))
        return;
    opening->payload = *payload;
    if (payload->staged)
        node_ref(payload->staged);
    create(opening);
}
