#pragma once
/** Temporary folders for tests: made under $TMPDIR, removed with all that is in them. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TEST_FOLDER_SIZE = 256
};

/** Makes a new empty folder; NULL when that fails. */
static inline const char *test_folder_make(char path[TEST_FOLDER_SIZE])
{
    const char *parent = getenv("TMPDIR");
    int size =
        snprintf(path, TEST_FOLDER_SIZE, "%s/osbundle-test-XXXXXX", parent ? parent : "/tmp");
    return size > 0 && size < TEST_FOLDER_SIZE ? mkdtemp(path) : NULL;
}

static inline void test_folder_empty(int descriptor)
{
    DIR *folder = fdopendir(descriptor);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        if (unlinkat(descriptor, entry->d_name, 0) == 0)
            continue;
        int below = openat(descriptor, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (below >= 0)
            test_folder_empty(below);
        unlinkat(descriptor, entry->d_name, AT_REMOVEDIR);
    }
    if (folder)
        closedir(folder);
}

/** Removes a folder with everything below it; links are removed, not followed. */
static inline void test_folder_remove(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (descriptor >= 0)
        test_folder_empty(descriptor);
    rmdir(path);
}
