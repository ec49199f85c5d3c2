/*
 * Finds the program that has a port open, as fuser does: by what the descriptors in /proc point to.
 *
 * Linux only, and only processes that this user may look into. Invariant: an answer is a hint for
 * an error text, never a reason to do anything.
 */
#include "transport/serial_holder.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"

enum {
    NAME_MAX_SIZE = 64
};

static void close_folder(DIR **folder)
{
    if (*folder)
        closedir(*folder);
}
#define FOLDER_OWNED __attribute__((cleanup(close_folder))) DIR

static bool points_to(const char *folder, const char *entry, const char *path)
{
    char link[PATH_MAX], target[PATH_MAX];
    text_format(link, sizeof link, "%s/%s", folder, entry);
    ssize_t size = readlink(link, target, sizeof target - 1);
    if (size <= 0)
        return false;
    target[size] = '\0';
    return text_equal(target, path);
}

static bool has_open(uint64_t process, const char *path)
{
    char name[NAME_MAX_SIZE];
    text_format(name, sizeof name, "/proc/%llu/fd", (unsigned long long)process);
    FOLDER_OWNED *folder = opendir(name);
    for (const struct dirent *entry; folder && (entry = readdir(folder));)
        if (points_to(name, entry->d_name, path))
            return true;
    return false;
}

static void name_process(uint64_t process, char *name, size_t capacity)
{
    char path[NAME_MAX_SIZE], shown[NAME_MAX_SIZE];
    BUF_OWNED command = buf_make(NAME_MAX_SIZE);
    text_format(path, sizeof path, "/proc/%llu/comm", (unsigned long long)process);
    if (file_read(path, &command, NULL) != OSB_OK)
        return;
    text_printable(shown, sizeof shown, (const char *)command.data, command.size);
    shown[strcspn(shown, "\n?")] = '\0';
    text_format(name, capacity, "%s (process %llu)", shown, (unsigned long long)process);
}

void serial_holder_name(const char *path, char *name, size_t capacity)
{
    uint64_t process;
    name[0] = '\0';
    FOLDER_OWNED *folder = opendir("/proc");
    for (const struct dirent *entry; folder && (entry = readdir(folder));) {
        if (!text_to_number(entry->d_name, UINT32_MAX, &process) || process == (uint64_t)getpid() ||
            !has_open(process, path))
            continue;
        name_process(process, name, capacity);
        return;
    }
}
