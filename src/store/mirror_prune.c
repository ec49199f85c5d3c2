/*
 * Removes from a mirror what its index does not list any more.
 *
 * Judges nothing else. Invariant: only files whose names are those of objects, signatures or
 * unfinished writes go; whatever else somebody keeps in the folder stays.
 */
#include "store/mirror.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/path.h"
#include "base/text.h"

typedef struct prune {
    const index_file *objects; /**< to stay, ordered by hash */
    size_t count;
    mirror_result *result;
} prune;

static osb_status take_away(const prune *run, const char *path, osb_error *error)
{
    struct stat status;
    if (lstat(path, &status) != 0 || unlink(path) != 0)
        return osb_fail_errno(error, "remove", path);
    run->result->removed++;
    run->result->removed_bytes += (uint64_t)status.st_size;
    return OSB_OK;
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(((const index_file *)a)->sha256, ((const index_file *)b)->sha256, SHA256_SIZE);
}

/** Whether a file below objects/sha256/ab is one of ours, and not listed. */
static bool is_surplus(const prune *run, const char *begin, const char *name)
{
    index_file wanted = {0};
    char hex[SHA256_HEX_SIZE];
    if (text_ends_with(name, ".tmp"))
        return true;
    if (!text_format(hex, sizeof hex, "%s%s", begin, name) ||
        !text_unhex(wanted.sha256, SHA256_SIZE, hex))
        return false;
    return !run->count || !bsearch(&wanted, run->objects, run->count, sizeof wanted, by_hash);
}

static osb_status prune_objects_of(const prune *run, const char *objects, const char *begin,
                                   osb_error *error)
{
    ARENA_OWNED memory = {0};
    const char *const *names;
    size_t count;
    char folder[PATH_SIZE], path[PATH_SIZE];
    TRY(path_join(folder, objects, begin, error));
    TRY(folder_list(folder, &memory, &names, &count, error));
    for (size_t i = 0; i < count; i++) {
        TRY(path_join(path, folder, names[i], error));
        if (is_surplus(run, begin, names[i]))
            TRY(take_away(run, path, error));
    }
    return OSB_OK;
}

static osb_status prune_objects(const prune *run, const char *root, osb_error *error)
{
    ARENA_OWNED memory = {0};
    const char *const *names;
    size_t count;
    char objects[PATH_SIZE];
    TRY(path_join(objects, root, "objects/sha256", error));
    if (!folder_exists(objects))
        return OSB_OK;
    TRY(folder_list(objects, &memory, &names, &count, error));
    for (size_t i = 0; i < count; i++)
        if (strlen(names[i]) == 2)
            TRY(prune_objects_of(run, objects, names[i], error));
    return OSB_OK;
}

static osb_status prune_signatures(const prune *run, const char *root, const char *kept,
                                   osb_error *error)
{
    ARENA_OWNED memory = {0};
    const char *const *names;
    size_t count;
    char folder[PATH_SIZE], path[PATH_SIZE];
    TRY(path_join(folder, root, "signatures", error));
    if (!folder_exists(folder))
        return OSB_OK;
    TRY(folder_list(folder, &memory, &names, &count, error));
    for (size_t i = 0; i < count; i++) {
        TRY(path_join(path, folder, names[i], error));
        if (!text_equal(path_name(kept), names[i]))
            TRY(take_away(run, path, error));
    }
    return OSB_OK;
}

/** Indexes that were never finished. */
static osb_status prune_drafts(const prune *run, const char *root, osb_error *error)
{
    ARENA_OWNED memory = {0};
    const char *const *names;
    size_t count;
    char path[PATH_SIZE];
    TRY(folder_list(root, &memory, &names, &count, error));
    for (size_t i = 0; i < count; i++) {
        TRY(path_join(path, root, names[i], error));
        if (text_starts_with(names[i], INDEX_NAME ".") && text_ends_with(names[i], ".tmp"))
            TRY(take_away(run, path, error));
    }
    return OSB_OK;
}

osb_status mirror_prune(const char *folder, mirror_result *result, osb_error *error)
{
    ARENA_OWNED memory = {0};
    RELEASE_INDEX_OWNED index = {0};
    BUF_OWNED text = buf_make(INDEX_TEXT_MAX);
    char path[PATH_SIZE], kept[MIRROR_SIGNATURE_SIZE];
    prune run = {.result = result};
    TRY(path_join(path, folder, ".lock", error));
    FD_OWNED lock = -1;
    TRY(lock_take(path, &lock, error));
    TRY(path_join(path, folder, INDEX_NAME, error));
    TRY(file_read(path, &text, error));
    TRY(release_index_read(buf_span(&text), path, &index, error));
    mirror_signature_name(buf_span(&text), kept);
    TRY(release_index_objects(&index, &memory, &run.objects, &run.count, error));
    TRY(prune_objects(&run, folder, error));
    TRY(prune_signatures(&run, folder, kept, error));
    return prune_drafts(&run, folder, error);
}
