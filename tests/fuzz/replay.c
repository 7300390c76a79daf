/*
 * Gives a target the files of its corpus, one after the other, without a fuzzer.
 *
 *     fuzz_TARGET DIRECTORY...
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

/* More than any file that is worth keeping. */
#define INPUT_MAX (4u << 20)

static bool replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(INPUT_MAX);
    bool whole = false;
    if (file && data) {
        size_t size = fread(data, 1, INPUT_MAX, file);
        whole = !ferror(file) && size < INPUT_MAX;
        uint8_t *input = whole ? realloc(data, size ? size : 1) : NULL;
        if (input) {
            data = input;
            puts(path);
            fflush(stdout); /* it may be the last */
            LLVMFuzzerTestOneInput(data, size);
        }
    }
    free(data);
    if (file)
        fclose(file);
    return whole;
}

/* The number of files; -1 when one could not be read. */
static int replay_directory(const char *path)
{
    DIR *directory = opendir(path);
    int count = directory ? 0 : -1;
    for (struct dirent *entry; count >= 0 && (entry = readdir(directory));) {
        char file[PATH_MAX];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        count = replay_file(file) ? count + 1 : -1;
    }
    if (directory)
        closedir(directory);
    return count;
}

int main(int argc, char *argv[])
{
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        int count = replay_directory(argv[i]);
        if (count <= 0) {
            fprintf(stderr, "%s: %s\n", argv[i], count ? "can't be read" : "nothing in it");
            return EXIT_FAILURE;
        }
    }
    return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
