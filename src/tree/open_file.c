#include "tree/open_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <utlist.h>

#include "base/notice.h"
#include "base/process.h"
#include "nodes/tree.h"

void open_file_init(struct open_file *file, const struct open_type *type,
    const struct task *task, struct node *node, int flags)
{
    struct tree *tree = task->tree;

    file->type = type;
    file->tree = tree;
    file->node = node_ref(node);
    file->can_write = (flags & O_ACCMODE) != O_RDONLY;
    writers_init(&file->writers, task->tid);
    file->notice_fd =
        file->can_write && tree->options.tell_writers ? notice_open(task->tid, task->uid) : -1;
    DL_APPEND(tree->open_files, file);
}

void open_file_release(struct open_file *file)
{
    DL_DELETE(file->tree->open_files, file);
    if (file->notice_fd >= 0)
        close(file->notice_fd);
    node_unref(&file->tree->nodes, file->node);
}

void open_file_write(struct task *task, struct open_file *file, const void *data, size_t len,
    const uint64_t *offset)
{
    assert(file->can_write && !file->is_released);
    writers_add(&file->writers, task->tid);
    file->type->write(task, file, data, len, offset);
}

void open_file_flush(struct task *task, struct open_file *file)
{
    if (file->type->flush)
        file->type->flush(task, file);
    else
        task_finish(task);
}

void open_file_fsync(struct task *task, struct open_file *file)
{
    if (file->type->fsync)
        file->type->fsync(task, file);
    else
        open_file_flush(task, file);
}

void open_files_close(struct tree *tree)
{
    while (tree->open_files)
        tree->open_files->type->close(tree->open_files);
}

int open_file_tell_beside(const struct open_file *file, struct holders *holders)
{
    int err = 0;

    for (const struct open_file *f = file->tree->open_files; f && !err; f = f->next)
        if (f != file && f->node == file->node && f->can_write)
            err = holders_beside(holders, &f->writers);
    return err;
}

/* Finds the open file of `node` that the process of the thread `tid` writes to: `*ret`, NULL
 * for none. 0; -EBUSY when there are several; or another -errno. */
static int find_of_process(
    const struct tree *tree, const struct node *node, pid_t tid, struct open_file **ret)
{
    struct process_line line = {0};

    *ret = NULL;
    for (struct open_file *f = tree->open_files; f; f = f->next) {
        if (f->node != node || !f->can_write || f->is_released)
            continue;
        int err = line.count ? 0 : process_line_of(process_group_of(tid), &line);
        if (err)
            return err;
        if (!writers_may_include(&f->writers, &line))
            continue;
        if (*ret)
            return -EBUSY;
        *ret = f;
    }
    return 0;
}

int open_file_truncate_by_path(struct tree *tree, struct node *node, pid_t tid, uint64_t len)
{
    struct open_file *file;
    int err = find_of_process(tree, node, tid, &file);

    if (err)
        return err;
    if (file)
        return file->type->truncate(file, len);
    return len == 0 ? 0 : -EINVAL; /* without an open file there is no text that could grow */
}
