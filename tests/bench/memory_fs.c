/* A file system that answers from memory at once: the measure for what is cached.
 *
 *     memory_fs COUNT TIMEOUT MOUNTPOINT
 *
 * One directory with COUNT empty files that nobody can read, and names and attributes that the
 * kernel may keep for TIMEOUT seconds. It does nothing that could take time, and implements
 * nothing that can be left out, so that the kernel stops asking. Stays in front. */
#define FUSE_USE_VERSION 314
#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_FILE (FUSE_ROOT_ID + 1)
#define NAME_SIZE 32

static unsigned file_count;
static double timeout_s;

static void name_of(fuse_ino_t ino, char name[static NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "ORG_SECRET_%04lu", (unsigned long)(ino - FIRST_FILE + 1));
}

static struct stat attributes_of(fuse_ino_t ino)
{
    return (struct stat){
        .st_ino = ino,
        .st_mode = ino == FUSE_ROOT_ID ? S_IFDIR | 0700 : S_IFREG | 0200,
        .st_nlink = 1,
        .st_uid = getuid(),
        .st_gid = getgid(),
        .st_blksize = 65536,
    };
}

static struct fuse_entry_param entry_of(fuse_ino_t ino)
{
    return (struct fuse_entry_param){
        .ino = ino,
        .attr = attributes_of(ino),
        .attr_timeout = timeout_s,
        .entry_timeout = timeout_s,
    };
}

static void on_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    unsigned long number;
    char exact[NAME_SIZE];

    (void)parent;
    if (sscanf(name, "ORG_SECRET_%lu", &number) == 1 && number >= 1 && number <= file_count) {
        fuse_ino_t ino = FIRST_FILE + number - 1;
        struct fuse_entry_param entry = entry_of(ino);
        name_of(ino, exact);
        if (strcmp(name, exact) == 0) {
            fuse_reply_entry(req, &entry);
            return;
        }
    }
    fuse_reply_err(req, ENOENT);
}

static void on_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct stat attributes = attributes_of(ino);

    (void)file;
    fuse_reply_attr(req, &attributes, timeout_s);
}

/* Offsets are positions: ".", "..", then the files. */
static void on_readdirplus(
    fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *file)
{
    char *data = malloc(size);
    size_t used = 0;

    (void)ino, (void)file;
    if (!data) {
        fuse_reply_err(req, ENOMEM);
        return;
    }
    for (off_t at = offset; at < (off_t)file_count + 2; at++) {
        char name[NAME_SIZE] = "..";
        struct fuse_entry_param entry = entry_of(FUSE_ROOT_ID);
        if (at >= 2) {
            entry = entry_of(FIRST_FILE + (fuse_ino_t)at - 2);
            name_of(entry.ino, name);
        } else {
            name[at + 1] = '\0';
            entry.ino = 0; /* they take no reference */
        }
        size_t need =
            fuse_add_direntry_plus(req, data + used, size - used, name, &entry, at + 1);
        if (need > size - used)
            break;
        used += need;
    }
    fuse_reply_buf(req, data, used);
    free(data);
}

static void on_init(void *userdata, struct fuse_conn_info *conn)
{
    (void)userdata;
    conn->want &= ~(unsigned)FUSE_CAP_READDIRPLUS_AUTO;
    conn->want |= conn->capable & FUSE_CAP_READDIRPLUS;
}

static const struct fuse_lowlevel_ops operations = {
    .init = on_init,
    .lookup = on_lookup,
    .getattr = on_getattr,
    .readdirplus = on_readdirplus,
};

int main(int argc, char **argv)
{
    char option[] = "-osubtype=memory_fs,default_permissions";
    char *words[] = {argv[0], option, NULL};
    struct fuse_args args = FUSE_ARGS_INIT(2, words);
    int status = EXIT_FAILURE;

    if (argc != 4) {
        fprintf(stderr, "usage: memory_fs COUNT TIMEOUT MOUNTPOINT\n");
        return EXIT_FAILURE;
    }
    file_count = (unsigned)strtoul(argv[1], NULL, 10);
    timeout_s = strtod(argv[2], NULL);
    struct fuse_session *session =
        fuse_session_new(&args, &operations, sizeof operations, NULL);
    if (!session)
        goto out;
    if (fuse_set_signal_handlers(session) != 0)
        goto out_session;
    if (fuse_session_mount(session, argv[3]) != 0)
        goto out_signals;
    if (fuse_session_loop(session) >= 0)
        status = EXIT_SUCCESS;
    fuse_session_unmount(session);
out_signals:
    fuse_remove_signal_handlers(session);
out_session:
    fuse_session_destroy(session);
out:
    fuse_opt_free_args(&args);
    return status;
}
