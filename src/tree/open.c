#include <errno.h>
#include <unistd.h>
#include <utlist.h>

#include "base/container.h"
#include "base/process.h"
#include "github/key.h"
#include "github/url.h"
#include "tree/directory.h"
#include "tree/held.h"
#include "tree/listing.h"
#include "tree/notice.h"
#include "tree/operations.h"
#include "tree/tree.h"

void handle_close(struct handle *handle)
{
    struct node *node = handle->node;
    struct nodes *nodes = &handle->tree->nodes;

    DL_DELETE(handle->tree->handles, handle);
    value_release(&handle->value);
    if (handle->notice_fd >= 0)
        close(handle->notice_fd);
    free(handle);
    node->writers--;
    if (node->writers == 0 && node->presence == NODE_PENDING && !node->busy) {
        /* Nothing was stored. */
        if (node->replaces)
            directory_come_back(node);
        else
            directory_child_gone(nodes, node);
    }
    node_unref(nodes, node);
}

/* Does the process, or one that it descends from and may have inherited descriptors of, have
 * the secret open already? An inode number in /proc tells the secret, not the handle. */
static bool is_beside_another(const struct tree *tree, const struct node *node, pid_t opener)
{
    for (const struct handle *h = tree->handles; h; h = h->next)
        if (h->node == node && process_descends(opener, h->writers.opener))
            return true;
    return false;
}

static int handle_new(struct task *task, struct node *node, struct handle **ret)
{
    struct handle *handle = calloc(1, sizeof *handle);
    if (!handle)
        return -ENOMEM;
    int err = value_init(&handle->value, task->tree->options.newline, task->append);
    if (err) {
        free(handle);
        return err;
    }
    handle->tree = task->tree;
    writers_init(&handle->writers, task->tid);
    handle->beside_another = is_beside_another(task->tree, node, handle->writers.opener);
    handle->notice_fd =
        task->tree->options.tell_writers ? notice_open(task->tid, task->uid) : -1;
    handle->node = node_ref(node);
    node->writers++;
    DL_APPEND(task->tree->handles, handle);
    *ret = handle;
    return 0;
}

/* The directory of secrets that the task is about. */
static struct node *secrets_of(const struct task *task)
{
    return task->node->kind->type == NODE_SECRET ? task->node->parent : task->node;
}

static void open_with_handle(struct task *task, struct node *node)
{
    int err = handle_new(task, node, &task->handle);
    if (err && node->presence == NODE_PENDING && node->writers == 0 && node->replaces)
        directory_come_back(node);
    if (err) {
        task_fail_errno(task, err, "no memory can be locked for the value");
        return;
    }
    task->result = node;
    task_finish(task);
}

/* The node for a name that may be new. */
static int create_node(struct task *task, struct node **ret)
{
    struct node *dir = task->node;
    struct nodes *nodes = &task->tree->nodes;
    struct node *node = directory_find(dir, task->name);

    if (node && node->presence == NODE_HELD) { /* its DELETE is off: see take_held() */
        *ret = directory_replace(nodes, node);
        return *ret ? 0 : -ENOMEM;
    }
    if (node) {
        *ret = node_ref(node);
        return 0;
    }
    name_to_upper(task->name);
    node = node_new(nodes, dir->kind->child, dir, task->name);
    if (!node)
        return -ENOMEM;
    node->presence = NODE_PENDING;
    int err = directory_add(dir, node);
    if (err) {
        node_unref(nodes, node);
        return err;
    }
    *ret = node;
    return 0;
}

static void refuse_reading(struct task *task)
{
    task->quiet = true; /* searches try every file */
    task_fail_errno(task, -EACCES, "a secret's value cannot be read");
}

/* Everything that can be known is known. */
static void create_ready(struct task *task)
{
    struct node *dir = task->node;
    struct node *node = directory_find(dir, task->name);
    bool exists = node && node->presence == NODE_HERE;

    if (exists && task->exclusive) {
        task_fail_errno(task, -EEXIST, "the secret exists");
    } else if (exists && task->for_reading) {
        refuse_reading(task);
    } else if (exists && task->append) {
        task_fail_errno(task, -EPERM, "cannot append: the old value cannot be read");
    } else if (!exists && dir->dir->secrets >= dir->kind->limit) {
        char message[FAILURE_MESSAGE_SIZE];
        snprintf(message, sizeof message, "GitHub allows %u secrets here", dir->kind->limit);
        task_fail_errno(task, -EDQUOT, message);
    } else {
        int err = create_node(task, &node);
        if (err) {
            task_fail_errno(task, err, strerror(-err));
            return;
        }
        struct nodes *nodes = &task->tree->nodes;
        open_with_handle(task, node);
        node_unref(nodes, node);
    }
}

static void open_ready(struct task *task)
{
    if (task->wait.in || task->key_wait.in)
        return; /* the other one is under way */
    if (task->node->kind->type == NODE_SECRET)
        open_with_handle(task, task->node);
    else
        create_ready(task);
}

static void have_listing(struct wait *wait)
{
    struct task *task = CONTAINER_OF(wait, struct task, wait);
    if (wait->failure.err)
        task_fail(task, &wait->failure);
    else
        open_ready(task);
}

static void have_key(struct wait *wait)
{
    struct task *task = CONTAINER_OF(wait, struct task, key_wait);
    if (wait->failure.err)
        task_fail(task, &wait->failure);
    else
        open_ready(task);
}

/* Was a write in this scope refused a moment ago, with this token? Then so will the next. */
static bool was_refused(struct task *task, const struct directory *dir)
{
    return dir && loop_now_ms() < dir->refused_until_ms &&
           dir->refused_generation == github_token_generation(task->tree->github);
}

static int want_key(struct task *task, const struct node *secrets)
{
    struct buffer scope;
    buffer_init(&scope, URL_MAX);
    int err = node_api_path(secrets, &scope);
    if (err)
        failure_set(&task->key_wait.failure, err, "%s", strerror(-err));
    else
        err = key_want(task->tree->github, scope.data, &task->key_wait);
    buffer_release(&scope);
    return err;
}

/* The key, and for a name that may be new the listing, together. */
static void preflight(struct task *task, bool need_listing)
{
    struct node *secrets = secrets_of(task);

    if (was_refused(task, secrets->dir)) {
        const struct failure why = secrets->dir->refusal;
        task_fail(task, &why);
        return;
    }
    task->wait.done = have_listing;
    task->key_wait.done = have_key;
    int key = want_key(task, secrets);
    if (key != 0 && key != -EINPROGRESS) {
        task_fail(task, &task->key_wait.failure);
        return;
    }
    int listing = need_listing ? listing_want(task->tree, secrets, &task->wait) : 0;
    if (listing != 0 && listing != -EINPROGRESS)
        task_fail(task, &task->wait.failure);
    else
        open_ready(task);
}

static void take_held(struct task *task);

/* The DELETE of the name has ended, and it is gone or came back; or what was sent for it
 * before has been answered. */
static void held_has_settled(struct wait *wait)
{
    take_held(CONTAINER_OF(wait, struct task, wait));
}

/* A name whose DELETE is held: that is off from now on, also when the preflight fails. */
static void take_held(struct task *task)
{
    struct node *node = directory_find(task->node, task->name);

    if (node && node->presence == NODE_HELD) {
        task->wait.done = held_has_settled;
        task->taken = node_ref(node); /* the hold had a reference too */
        if (held_take(node, &task->wait) == -EINPROGRESS) {
            task->taken = NULL;
            node_unref(&task->tree->nodes, node);
            return;
        }
    }
    preflight(task, true);
}

/* The errno says little, so the rule is told as well. */
static void refuse_name(struct task *task, const char *rule)
{
    struct failure why;
    failure_set(&why, -EINVAL, "%s", rule);
    if (task->tree->options.tell_writers) {
        int fd = notice_open(task->tid, task->uid);
        notice_send(fd, task->name, &why);
        if (fd >= 0)
            close(fd);
    }
    task_fail(task, &why);
}

/* Another pid namespace: it cannot be told when such a writer is done (contract §3). */
static bool is_nameless(struct task *task)
{
    if (task->tid > 0)
        return false;
    task_fail_errno(task, -EACCES, "the writer is in another pid namespace");
    return true;
}

void tree_open(struct task *task, bool for_reading, bool append)
{
    struct node *node = task->node;

    task->for_reading = for_reading;
    task->append = append;
    if (node->presence == NODE_GONE)
        task_fail_errno(task, -ESTALE, "the secret is gone");
    else if (for_reading)
        refuse_reading(task);
    else if (append && node->presence == NODE_HERE)
        task_fail_errno(task, -EPERM, "cannot append: the old value cannot be read");
    else if (!is_nameless(task))
        preflight(task, false);
}

void tree_create(
    struct task *task, const char *file_name, bool for_reading, bool append, bool exclusive)
{
    struct node *dir = task->node;

    task->for_reading = for_reading;
    task->append = append;
    task->exclusive = exclusive;
    if (dir->presence == NODE_GONE) {
        task_fail_errno(task, -ESTALE, "the directory is gone");
        return;
    }
    if (!text_copy(task->name, sizeof task->name, file_name)) {
        task_fail_errno(task, -ENAMETOOLONG, "a name has at most 255 bytes");
        return;
    }
    if (!dir->kind->limit) {
        task_fail_errno(task, -EPERM, "files can be made in directories of secrets only");
        return;
    }
    held_go_on(task->tree, task->tid, dir, task->name);
    const char *problem = name_secret_problem(task->name);
    if (problem)
        refuse_name(task, problem);
    else if (!is_nameless(task))
        take_held(task);
}
