/*
 * Release records on disk: releases/VERSION/PLATFORM.json in every layer.
 *
 * A record is written after its objects, and replaced as a whole. Invariant: a record in an upper
 * layer hides the ones below it, also in listings.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/text.h"
#include "model/version.h"
#include "store/cache.h"
#include "store/layers.h"

enum {
    USE_NOTED_S = 3600, /**< a release that is used all the time is touched once an hour */
    RECORDS_MAX = 16 * 1024
};

static osb_status check_names(const char *os_version, const char *platform_name, osb_error *error)
{
    if (!path_is_plain_name(os_version) || strlen(os_version) >= VERSION_SIZE ||
        os_version[0] == '.')
        return osb_fail(error, OSB_ERR_USAGE, os_version, "name a version such as 5.3.1",
                        "not the name of a release");
    if (!path_is_plain_name(platform_name) || platform_name[0] == '.' ||
        strlen(platform_name) >= sizeof((cached_release *)0)->platform)
        return osb_fail(error, OSB_ERR_USAGE, platform_name, "name a platform such as p2",
                        "not the name of a platform");
    return OSB_OK;
}

osb_status record_path(char target[PATH_SIZE], const char *layer, const char *os_version,
                       const char *platform_name, osb_error *error)
{
    char name[VERSION_SIZE + 64];
    text_format(name, sizeof name, "releases/%s/%s.json", os_version, platform_name);
    return path_join(target, layer, name, error);
}

static osb_status check_objects(const cache *opened, const cached_release *record, osb_error *error)
{
    if (record->count == 0 || record->count > RELEASE_MODULES_MAX)
        return osb_fail(error, OSB_ERR_INTERNAL, record->version, NULL,
                        "a release record lists %zu modules", record->count);
    for (size_t i = 0; i < record->count; i++) {
        const cached_module *entry = &record->modules[i];
        if (!path_is_plain_name(entry->file))
            return osb_fail(error, OSB_ERR_USAGE, entry->file, "rename the file",
                            "not usable as a file name");
        if (!cas_has(opened, entry->sha256))
            return osb_fail(error, OSB_ERR_INTERNAL, entry->file, NULL,
                            "the record was to be written before its object");
    }
    return OSB_OK;
}

osb_status cache_publish_release(cache *opened, const cached_release *record, osb_error *error)
{
    char path[PATH_SIZE];
    FD_OWNED hold = -1;
    TRY(check_names(record->version, record->platform, error));
    TRY(cache_hold(opened, &hold, error));
    TRY(check_objects(opened, record, error));
    JSON_OWNED *document = release_record_to_json(record);
    BUF_OWNED text = buf_make(RECORD_SIZE_MAX);
    TRY(json_to_text(document, &text, error));
    TRY(record_path(path, cache_root(opened), record->version, record->platform, error));
    return put_in_place(opened, buf_span(&text), 0644, path, error);
}

osb_status record_read(const char *path, const char *os_version, const char *platform_name,
                       cached_release *record, osb_error *error)
{
    BUF_OWNED text = buf_make(RECORD_SIZE_MAX);
    JSON_OWNED *document = NULL;
    TRY(file_read(path, &text, error));
    osb_status status = json_parse(buf_span(&text), path, &document, error);
    if (status == OSB_OK)
        status = release_record_from_json(document, path, record, error);
    if (status == OSB_OK &&
        (!text_equal(record->version, os_version) || !text_equal(record->platform, platform_name)))
        status = osb_fail(error, OSB_ERR_INTEGRITY, path, NULL,
                          "is the record of %s for %s, under another's name", record->version,
                          record->platform);
    if (status != OSB_OK)
        osb_error_set_hint(error, "remove this file and fetch the release again");
    return status;
}

osb_status cache_find_release(cache *opened, const char *os_version, const char *platform_name,
                              cached_release *record, osb_error *error)
{
    char path[PATH_SIZE];
    TRY(check_names(os_version, platform_name, error));
    for (size_t i = 0; i < opened->layer_count; i++) {
        TRY(record_path(path, opened->layers[i], os_version, platform_name, error));
        osb_status status = record_read(path, os_version, platform_name, record, error);
        if (status != OSB_ERR_NOT_FOUND)
            return status;
    }
    return osb_fail(error, OSB_ERR_NOT_FOUND, os_version, "run 'osbundle fetch' for it",
                    "not in the cache for %s", platform_name);
}

int record_sighting_compare(const void *a, const void *b)
{
    const record_sighting *left = a, *right = b;
    int order = version_compare_text(left->version, right->version);
    if (!order)
        order = strcmp(left->version, right->version);
    if (!order)
        order = strcmp(left->platform, right->platform);
    if (!order)
        order = left->layer < right->layer ? -1 : left->layer > right->layer;
    return order;
}

bool cache_set_record_aside(cache *opened, const char *os_version, const char *platform_name)
{
    char path[PATH_SIZE], name[VERSION_SIZE + 64], target[PATH_SIZE];
    cached_release record;
    FD_OWNED lock = -1;
    text_format(name, sizeof name, "%s-%s.json", os_version, platform_name);
    return record_path(path, cache_root(opened), os_version, platform_name, NULL) == OSB_OK &&
           cache_lock_try(opened, &lock, NULL) == OSB_OK &&
           record_read(path, os_version, platform_name, &record, NULL) == OSB_ERR_INTEGRITY &&
           damaged_path(target, opened, name, NULL) == OSB_OK && rename(path, target) == 0;
}

void cache_note_use(const cache *opened, const cached_release *record)
{
    char path[PATH_SIZE];
    struct stat status;
    if (record_path(path, cache_root(opened), record->version, record->platform, NULL) == OSB_OK &&
        stat(path, &status) == 0 && time(NULL) - status.st_mtime > USE_NOTED_S)
        (void)!utimensat(AT_FDCWD, path, NULL, 0);
}

/** Notes every PLATFORM.json of one version's folder. */
static osb_status see_platforms(const char *releases, const char *os_version, size_t layer,
                                buf *sightings, osb_error *error)
{
    char folder[PATH_SIZE];
    ARENA_OWNED memory = {0};
    const char *const *names;
    size_t count;
    TRY(path_join(folder, releases, os_version, error));
    if (!folder_exists(folder))
        return OSB_OK;
    osb_status status = folder_list(folder, &memory, &names, &count, error);
    if (status != OSB_OK) /* it may have been removed meanwhile */
        return status == OSB_ERR_NOT_FOUND ? OSB_OK : status;
    for (size_t i = 0; i < count; i++) {
        record_sighting seen = {.layer = layer};
        size_t size = strlen(names[i]);
        if (!text_ends_with(names[i], ".json") || size - 5 >= sizeof seen.platform)
            continue;
        text_copy(seen.version, sizeof seen.version, os_version);
        memcpy(seen.platform, names[i], size - 5);
        if (check_names(seen.version, seen.platform, NULL) == OSB_OK)
            buf_append(sightings, (span){(const uint8_t *)&seen, sizeof seen});
    }
    return OSB_OK;
}

osb_status records_see(const cache *opened, size_t layer, buf *sightings, osb_error *error)
{
    char releases[PATH_SIZE];
    ARENA_OWNED memory = {0};
    const char *const *versions;
    size_t count;
    TRY(path_join(releases, opened->layers[layer], "releases", error));
    if (!folder_exists(releases))
        return OSB_OK;
    TRY(folder_list(releases, &memory, &versions, &count, error));
    for (size_t i = 0; i < count; i++)
        if (strlen(versions[i]) < VERSION_SIZE)
            TRY(see_platforms(releases, versions[i], layer, sightings, error));
    return OSB_OK;
}

static bool same_release(const record_sighting *a, const record_sighting *b)
{
    return text_equal(a->version, b->version) && text_equal(a->platform, b->platform);
}

/** Reads what was seen, the uppermost of each; what vanished in between is left out. */
static osb_status read_seen(const cache *opened, const record_sighting *seen, size_t seen_count,
                            cached_release *records, size_t *count, osb_error *error)
{
    for (size_t i = 0; i < seen_count; i++) {
        char path[PATH_SIZE];
        if (i && same_release(&seen[i - 1], &seen[i]))
            continue;
        TRY(record_path(path, opened->layers[seen[i].layer], seen[i].version, seen[i].platform,
                        error));
        osb_status status =
            record_read(path, seen[i].version, seen[i].platform, &records[*count], error);
        if (status == OSB_OK)
            ++*count;
        else if (status != OSB_ERR_NOT_FOUND)
            return status;
    }
    return OSB_OK;
}

osb_status cache_list_releases(cache *opened, arena *memory, const cached_release **records,
                               size_t *count, osb_error *error)
{
    BUF_OWNED sightings = buf_make(RECORDS_MAX * sizeof(record_sighting));
    *records = NULL;
    *count = 0;
    for (size_t i = 0; i < opened->layer_count; i++)
        TRY(records_see(opened, i, &sightings, error));
    TRY(buf_check(&sightings, cache_root(opened), error));
    size_t seen_count = sightings.size / sizeof(record_sighting);
    if (!seen_count)
        return OSB_OK;
    record_sighting *seen = arena_copy(memory, sightings.data, sightings.size);
    cached_release *found = arena_take(memory, seen_count, sizeof *found);
    if (!seen || !found)
        return osb_fail_memory(error);
    qsort(seen, seen_count, sizeof *seen, record_sighting_compare);
    *records = found;
    return read_seen(opened, seen, seen_count, found, count, error);
}
