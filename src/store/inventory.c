/*
 * Lists what a cache holds: objects, records, and what else lies there.
 *
 * Judges nothing. Invariant: an object or record that comes or goes while it is listed is in the
 * list or not, and never an error.
 */
#include "store/inventory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "store/layers.h"

enum {
    OBJECTS_MAX = 16 * 1024 * 1024,
    STORED_RELEASES_MAX = 256 * 1024,
    FILES_MAX = 1024 * 1024
};

/** The names in a folder; none where there is no folder. */
static osb_status list_names(const char *folder, arena *memory, const char *const **names,
                             size_t *count, osb_error *error)
{
    *count = 0;
    if (!folder_exists(folder))
        return OSB_OK;
    osb_status status = folder_list(folder, memory, names, count, error);
    if (status != OSB_ERR_NOT_FOUND)
        return status;
    *count = 0; /* removed meanwhile */
    return OSB_OK;
}

/** Whether a file is there; how large it is and when it came there or was changed. */
static bool look_at(const char *path, uint64_t *size, int64_t *modified_s, int64_t *changed_s)
{
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
        return false;
    *size = (uint64_t)status.st_size;
    *modified_s = status.st_mtime;
    *changed_s = status.st_ctime;
    return true;
}

static osb_status add_objects(const char *folder, const char *shard, buf *objects, osb_error *error)
{
    ARENA_OWNED memory = {0};
    char below[PATH_SIZE], path[PATH_SIZE], hex[SHA256_HEX_SIZE];
    const char *const *names = NULL;
    size_t count;
    int64_t changed_s;
    TRY(path_join(below, folder, shard, error));
    TRY(list_names(below, &memory, &names, &count, error));
    for (size_t i = 0; i < count; i++) {
        stored_object found;
        if (!text_format(hex, sizeof hex, "%s%s", shard, names[i]) ||
            !text_unhex(found.sha256, SHA256_SIZE, hex))
            continue;
        TRY(path_join(path, below, names[i], error));
        if (look_at(path, &found.size, &found.changed_s, &changed_s))
            buf_append(objects, (span){(const uint8_t *)&found, sizeof found});
    }
    return OSB_OK;
}

osb_status inventory_objects(const cache *opened, size_t layer, arena *memory,
                             const stored_object **objects, size_t *count, osb_error *error)
{
    char folder[PATH_SIZE];
    ARENA_OWNED names_memory = {0};
    const char *const *shards = NULL;
    size_t shard_count;
    BUF_OWNED found = buf_make(OBJECTS_MAX * sizeof(stored_object));
    TRY(path_join(folder, opened->layers[layer], "objects/sha256", error));
    TRY(list_names(folder, &names_memory, &shards, &shard_count, error));
    for (size_t i = 0; i < shard_count; i++)
        if (strlen(shards[i]) == 2)
            TRY(add_objects(folder, shards[i], &found, error));
    TRY(buf_check(&found, folder, error));
    *count = found.size / sizeof **objects;
    *objects = *count ? arena_copy(memory, found.data, found.size) : NULL;
    return *objects || !*count ? OSB_OK : osb_fail_memory(error);
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(a, b, SHA256_SIZE);
}

const stored_object *inventory_find(const stored_object *objects, size_t count,
                                    const uint8_t digest[SHA256_SIZE])
{
    return count ? bsearch(digest, objects, count, sizeof *objects, by_hash) : NULL;
}

/** What of a record is kept in memory. */
static osb_status keep_record(const cached_release *record, arena *memory, stored_release *kept,
                              osb_error *error)
{
    stored_module *modules = arena_take(memory, record->count, sizeof *modules);
    if (!modules)
        return osb_fail_memory(error);
    for (size_t i = 0; i < record->count; i++) {
        const cached_module *entry = &record->modules[i];
        memcpy(modules[i].sha256, entry->sha256, SHA256_SIZE);
        modules[i].size = entry->size;
        kept->bytes += entry->size;
        if (strcmp(entry->when, kept->when) > 0)
            text_copy(kept->when, sizeof kept->when, entry->when);
    }
    kept->module_count = record->count;
    kept->modules = modules;
    return OSB_OK;
}

/** `there`: whether the record still is. */
static osb_status read_release(const cache *opened, const record_sighting *seen, arena *memory,
                               stored_release *found, bool *there, osb_error *error)
{
    char path[PATH_SIZE];
    cached_release record;
    osb_error problem = {0};
    uint64_t size;
    int64_t changed_s;
    *found = (stored_release){.layer = seen->layer};
    text_copy(found->version, sizeof found->version, seen->version);
    text_copy(found->platform, sizeof found->platform, seen->platform);
    TRY(record_path(path, opened->layers[seen->layer], seen->version, seen->platform, error));
    osb_status status = record_read(path, seen->version, seen->platform, &record, &problem);
    *there = status != OSB_ERR_NOT_FOUND && look_at(path, &size, &found->used_s, &changed_s);
    if (!*there)
        return OSB_OK;
    if (status == OSB_OK)
        return keep_record(&record, memory, found, error);
    if (status != OSB_ERR_INTEGRITY) {
        if (error)
            *error = problem;
        return status;
    }
    found->problem = arena_copy(memory, &problem, sizeof problem);
    return found->problem ? OSB_OK : osb_fail_memory(error);
}

static osb_status read_releases(const cache *opened, record_sighting *seen, size_t seen_count,
                                arena *memory, stored_release *found, size_t *count,
                                osb_error *error)
{
    if (seen_count)
        qsort(seen, seen_count, sizeof *seen, record_sighting_compare);
    for (size_t i = 0; i < seen_count; i++) {
        bool there;
        TRY(read_release(opened, &seen[i], memory, &found[*count], &there, error));
        if (!there)
            continue;
        const stored_release *before = *count ? &found[*count - 1] : NULL;
        found[*count].hidden = before && text_equal(before->version, seen[i].version) &&
                               text_equal(before->platform, seen[i].platform);
        ++*count;
    }
    return OSB_OK;
}

osb_status inventory_releases(const cache *opened, arena *memory, const stored_release **releases,
                              size_t *count, osb_error *error)
{
    BUF_OWNED seen = buf_make(STORED_RELEASES_MAX * sizeof(record_sighting));
    *count = 0;
    *releases = NULL;
    for (size_t i = 0; i < opened->layer_count; i++)
        TRY(records_see(opened, i, &seen, error));
    TRY(buf_check(&seen, cache_root(opened), error));
    size_t seen_count = seen.size / sizeof(record_sighting);
    stored_release *found = arena_take(memory, seen_count, sizeof *found);
    if (!found && seen_count)
        return osb_fail_memory(error);
    *releases = found;
    return read_releases(opened, (record_sighting *)(void *)seen.data, seen_count, memory, found,
                         count, error);
}

osb_status inventory_files(const cache *opened, size_t layer, const char *folder, arena *memory,
                           const stored_file **files, size_t *count, osb_error *error)
{
    char below[PATH_SIZE], path[PATH_SIZE];
    const char *const *names = NULL;
    size_t name_count;
    *count = 0;
    TRY(path_join(below, opened->layers[layer], folder, error));
    TRY(list_names(below, memory, &names, &name_count, error));
    stored_file *found = arena_take(memory, name_count, sizeof *found);
    if (!found && name_count)
        return osb_fail_memory(error);
    for (size_t i = 0; i < name_count; i++) {
        stored_file *file = &found[*count];
        TRY(path_join(path, below, names[i], error));
        if (!look_at(path, &file->size, &file->written_s, &file->moved_s))
            continue;
        file->name = names[i];
        ++*count;
    }
    *files = found;
    return OSB_OK;
}
