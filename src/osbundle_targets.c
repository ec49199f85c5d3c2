/*
 * What the words of verify name: files, folders, releases in the cache.
 *
 * Opens no module. Invariant: every word yields at least one target or one problem, and the cache
 * is looked at only when a word is no file, so that a broken cache hinders nobody else.
 */
#include "osbundle_targets.h"

#include <string.h>

#include "base/text.h"
#include "osbundle_files.h"

enum {
    TARGETS_MAX = 512 * 1024
};

static osb_status add(target_list *found, target item, const char *path, osb_error *error)
{
    item.path = arena_text(&found->memory, path);
    if (!item.path)
        return osb_fail_memory(error);
    buf_append(&found->targets, (span){(const uint8_t *)&item, sizeof item});
    return buf_check(&found->targets, path, error);
}

static osb_status add_record(target_list *found, size_t argument, const cached_release *record,
                             osb_error *error)
{
    char path[VERSION_SIZE + sizeof record->platform + sizeof record->modules->file + 2];
    for (size_t i = 0; i < record->count; i++) {
        text_format(path, sizeof path, "%s/%s/%s", record->version, record->platform,
                    record->modules[i].file);
        TRY(add(found, (target){.argument = argument, .record = record, .place = i}, path, error));
    }
    return OSB_OK;
}

static osb_status add_files(target_list *found, const char *const *word, size_t argument,
                            osb_error *error)
{
    file_list files;
    TRY(files_find(word, 1, &found->memory, &files, error));
    for (size_t i = 0; i < files.count; i++)
        TRY(add(found,
                (target){.argument = argument,
                         .inside = files.items[i].inside,
                         .problem = files.items[i].problem},
                files.items[i].path, error));
    return OSB_OK;
}

static osb_status list_records(target_list *found, osb_error *error)
{
    if (found->listed)
        return OSB_OK;
    found->listed = true;
    return cache_list_releases(found->context->store, &found->memory, &found->records,
                               &found->record_count, error);
}

bool release_is_named(osb_context *context, const char *words, const char *release_version,
                      const char *platform_name)
{
    version cached;
    char resolved[VERSION_SIZE];
    const platform *board = platform_by_name(&context->platforms, platform_name);
    if (version_parse(release_version, &cached) && version_matches(words, &cached))
        return true;
    if (!board)
        return text_equal(words, release_version);
    context_resolve(context, board, words, false, resolved);
    return text_equal(resolved, release_version);
}

static osb_status add_release(target_list *found, const char *words, size_t argument,
                              osb_error *error)
{
    size_t before = found->targets.size;
    TRY(list_records(found, error));
    for (size_t i = 0; i < found->record_count; i++)
        if (release_is_named(found->context, words, found->records[i].version,
                             found->records[i].platform))
            TRY(add_record(found, argument, &found->records[i], error));
    if (found->targets.size > before)
        return OSB_OK;
    osb_error problem = {0};
    osb_fail(&problem, OSB_ERR_NOT_FOUND, words,
             "name a file, a folder, or a release to fetch first",
             "is neither a file nor a folder, nor a release in the cache");
    const osb_error *kept = arena_copy(&found->memory, &problem, sizeof problem);
    if (!kept)
        return osb_fail_memory(error);
    return add(found, (target){.argument = argument, .problem = kept}, words, error);
}

static osb_status add_cache(target_list *found, osb_error *error)
{
    TRY(list_records(found, error));
    for (size_t i = 0; i < found->record_count; i++)
        TRY(add_record(found, 0, &found->records[i], error));
    return OSB_OK;
}

/**
 * What the lock pins for one platform, as a record of the cache: the objects are found by their
 * hashes. An application is not in the cache; who has it can name it.
 */
static osb_status add_locked(target_list *found, const release *set, osb_error *error)
{
    cached_release record = {0};
    text_copy(record.version, sizeof record.version, set->version);
    text_copy(record.platform, sizeof record.platform, set->board->name);
    for (size_t i = 0; i < set->module_count; i++) {
        const release_module *pinned = &set->modules[i];
        cached_module *entry = &record.modules[record.count];
        if (pinned->slot.function == MODULE_USER_PART)
            continue;
        record.count++;
        entry->slot = pinned->slot;
        entry->size = pinned->size;
        text_copy(entry->file, sizeof entry->file, pinned->file);
        memcpy(entry->sha256, pinned->sha256, SHA256_SIZE);
    }
    const cached_release *kept = arena_copy(&found->memory, &record, sizeof record);
    return kept ? add_record(found, 0, kept, error) : osb_fail_memory(error);
}

static osb_status add_lock(target_list *found, osb_error *error)
{
    for (size_t i = 0; i < found->lock->count; i++)
        TRY(add_locked(found, &found->lock->sets[i], error));
    return OSB_OK;
}

osb_status targets_find(target_list *found, const char *const *words, size_t count,
                        osb_error *error)
{
    found->targets = buf_make(TARGETS_MAX * sizeof(target));
    if (!count)
        return found->lock ? add_lock(found, error) : add_cache(found, error);
    for (size_t i = 0; i < count; i++) {
        if (file_exists(words[i]) || folder_exists(words[i]))
            TRY(add_files(found, &words[i], i, error));
        else
            TRY(add_release(found, words[i], i, error));
    }
    return OSB_OK;
}

void targets_free(target_list *found)
{
    buf_free(&found->targets);
    arena_free(&found->memory);
}
