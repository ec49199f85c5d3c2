/*
 * Removing from the written folder of a cache what prune.c has decided on.
 *
 * Decides nothing. Invariant: a record is gone from the disk, and synced, before anything else is
 * removed; a file that somebody has locked is left to him.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/text.h"
#include "store/layers.h"
#include "store/prune_work.h"

static void add_to(prune_sum *sum, uint64_t bytes)
{
    sum->files++;
    sum->bytes += bytes;
}

static osb_status remove_file(const char *path, osb_error *error)
{
    if (unlink(path) == 0 || errno == ENOENT)
        return OSB_OK;
    return osb_fail_errno(error, "remove", path);
}

osb_status prune_remove_record(const prune_work *work, const stored_release *record,
                               osb_error *error)
{
    char path[PATH_SIZE];
    if (work->wish->dry_run)
        return OSB_OK;
    TRY(record_path(path, cache_root(work->opened), record->version, record->platform, error));
    TRY(remove_file(path, error));
    *strrchr(path, '/') = '\0';
    TRY(folder_sync(path, error));
    (void)!rmdir(path); /* the last platform's record is gone, or others remain */
    return OSB_OK;
}

void prune_make_old(const prune_work *work, const stored_object *object)
{
    char path[PATH_SIZE];
    const struct timespec long_ago[2] = {{0}, {0}};
    if (!work->wish->dry_run &&
        object_path(path, cache_root(work->opened), object->sha256, NULL) == OSB_OK)
        (void)!utimensat(AT_FDCWD, path, long_ago, 0);
}

osb_status prune_remove_object(const prune_work *work, const stored_object *object,
                               osb_error *error)
{
    char path[PATH_SIZE];
    if (!work->wish->dry_run) {
        TRY(object_path(path, cache_root(work->opened), object->sha256, error));
        TRY(remove_file(path, error));
    }
    add_to(&work->report->objects, object->size);
    return OSB_OK;
}

/** Whether somebody is writing the file: parts of downloads are locked meanwhile. */
static bool is_in_use(const char *path)
{
    FD_OWNED file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return file >= 0 && !lock_opened(file);
}

osb_status prune_remove_files(const prune_work *work, const char *folder,
                              bool (*unwanted)(const prune_work *work, const stored_file *file),
                              prune_sum *sum, osb_error *error)
{
    char below[PATH_SIZE], path[PATH_SIZE];
    const stored_file *files;
    size_t count;
    TRY(path_join(below, cache_root(work->opened), folder, error));
    TRY(inventory_files(work->opened, 0, folder, work->memory, &files, &count, error));
    for (size_t i = 0; i < count; i++) {
        TRY(path_join(path, below, files[i].name, error));
        if (!unwanted(work, &files[i]) || is_in_use(path))
            continue;
        if (!work->wish->dry_run)
            TRY(remove_file(path, error));
        add_to(sum, files[i].size);
    }
    return OSB_OK;
}
