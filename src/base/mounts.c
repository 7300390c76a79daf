#include "base/mounts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No network and no other program can make one of these file systems wait. (An overlay is as
 * good as its upper layer, which as a rule is one of the other types; container images are
 * overlays.) */
static const char *const local[] = {"bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4",
    "f2fs", "jfs", "overlay", "ramfs", "tmpfs", "vfat", "xfs", "zfs"};

static bool is_local_type(const char *type, size_t len)
{
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        if (strlen(local[i]) == len && memcmp(local[i], type, len) == 0)
            return true;
    return false;
}

/* A line is "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [FIELD...] - TYPE SOURCE OPTIONS", as
 * proc(5) tells. No field has a space inside. */
bool mount_is_local(uint64_t id)
{
    FILE *table = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t size = 0;
    bool found = false, is_local = false;

    while (table && !found && getline(&line, &size, table) > 0) {
        found = strtoull(line, NULL, 10) == id;
        const char *type = found ? strstr(line, " - ") : NULL;
        is_local = type && is_local_type(type + 3, strcspn(type + 3, " "));
    }
    free(line);
    if (table)
        (void)fclose(table);
    return is_local;
}
