/* How long stat takes.
 *
 *     stat_times COUNT cached|asked DIRECTORY
 *
 * Looks at the files of a directory in turn, COUNT times in all, and prints percentiles in
 * nanoseconds. `cached` takes what the kernel knows, as stat(2) does; `asked` makes it ask the
 * file system each time. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static void die(const char *what)
{
    fprintf(stderr, "stat_times: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static size_t read_names(DIR *dir, char ***ret)
{
    char **names = NULL;
    size_t count = 0;

    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        names = realloc(names, (count + 1) * sizeof *names);
        if (!names || !(names[count++] = strdup(entry->d_name)))
            die("memory");
    }
    if (count == 0)
        die("an empty directory");
    *ret = names;
    return count;
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: stat_times COUNT cached|asked DIRECTORY\n");
        return EXIT_FAILURE;
    }
    size_t count = strtoul(argv[1], NULL, 10);
    int flags = strcmp(argv[2], "asked") == 0 ? AT_STATX_FORCE_SYNC : AT_STATX_SYNC_AS_STAT;
    DIR *dir = opendir(argv[3]);
    if (count == 0 || !dir)
        die(argv[3]);
    char **names;
    size_t name_count = read_names(dir, &names);
    uint64_t *taken = calloc(count, sizeof *taken);
    if (!taken)
        die("memory");
    for (size_t i = 0; i < count; i++) {
        struct statx found;
        uint64_t from = now_ns();
        if (statx(dirfd(dir), names[i % name_count], flags, STATX_BASIC_STATS, &found) != 0)
            die(names[i % name_count]);
        taken[i] = now_ns() - from;
    }
    qsort(taken, count, sizeof *taken, by_size);
    printf("{\"median\":%ju,\"p99\":%ju,\"max\":%ju}\n", (uintmax_t)taken[count / 2],
        (uintmax_t)taken[count * 99 / 100], (uintmax_t)taken[count - 1]);
    for (size_t i = 0; i < name_count; i++)
        free(names[i]);
    free(names);
    free(taken);
    closedir(dir);
    return EXIT_SUCCESS;
}
