/*
 * The facade's care of the cache: what is in it, how much, and where.
 *
 * Changes nothing but what cas_read sets aside. Invariant: a path is told only of a file that was
 * hashed at this very moment.
 */
#include "osbundle_cache.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/inventory.h"

json_t *cache_sum_to_json(size_t files, uint64_t bytes)
{
    return json_pack("{s:I, s:I}", "files", (json_int_t)files, "bytes", (json_int_t)bytes);
}

json_t *cache_moment_to_json(int64_t moment_s)
{
    char moment[21];
    clock_utc_text(moment_s, moment);
    return json_string(moment);
}

/** How many of a release's modules are in no layer. */
static size_t count_missing(const osb_context *context, const stored_release *record)
{
    size_t missing = 0;
    for (size_t i = 0; i < record->module_count; i++)
        missing += !cas_has(context->store, record->modules[i].sha256);
    return missing;
}

static json_t *release_to_object(const osb_context *context, const stored_release *record)
{
    return json_pack(
        "{s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:s, s:b, s:o}", "version", record->version,
        "platform", record->platform, "modules", (json_int_t)record->module_count, "bytes",
        (json_int_t)record->bytes, "missing", (json_int_t)count_missing(context, record), "fetched",
        json_text_or_null(*record->when ? record->when : NULL), "used",
        cache_moment_to_json(record->used_s), "folder", cache_layer(context->store, record->layer),
        "hidden", record->hidden, "problem",
        json_text_or_null(record->problem ? record->problem->message : NULL));
}

osb_status osb_cache_list(osb_context *context, json_t **result, osb_error *error)
{
    ARENA_OWNED memory = {0};
    const stored_release *releases;
    size_t count;
    *result = NULL;
    TRY(inventory_releases(context->store, &memory, &releases, &count, error));
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, release_to_object(context, &releases[i]));
    *result =
        json_pack("{s:s, s:i, s:o}", "type", "osbundle-cache-list", "schema", 1, "releases", list);
    return *result ? OSB_OK : osb_fail_memory(error);
}

/** Sums up "tmp", "damaged" or "lists"; the lock file is not counted. */
static osb_status sum_files(const osb_context *context, size_t layer, const char *folder,
                            arena *memory, json_t **sum, osb_error *error)
{
    const stored_file *files;
    size_t count, counted = 0;
    uint64_t bytes = 0;
    TRY(inventory_files(context->store, layer, folder, memory, &files, &count, error));
    for (size_t i = 0; i < count; i++) {
        if (text_equal(files[i].name, "lock"))
            continue;
        counted++;
        bytes += files[i].size;
    }
    *sum = cache_sum_to_json(counted, bytes);
    return OSB_OK;
}

/** Objects of a layer, and those of them that no record in the same layer names. */
static osb_status sum_objects(const osb_context *context, size_t layer,
                              const stored_release *releases, size_t release_count, arena *memory,
                              json_t *document, osb_error *error)
{
    const stored_object *objects;
    size_t count, unnamed = 0, records = 0;
    uint64_t bytes = 0, unnamed_bytes = 0;
    TRY(inventory_objects(context->store, layer, memory, &objects, &count, error));
    bool *named = arena_take(memory, count + 1, sizeof *named);
    if (!named)
        return osb_fail_memory(error);
    for (size_t i = 0; i < release_count; i++) {
        records += releases[i].layer == layer;
        for (size_t k = 0; k < releases[i].module_count && releases[i].layer == layer; k++) {
            const stored_object *found =
                inventory_find(objects, count, releases[i].modules[k].sha256);
            if (found)
                named[found - objects] = true;
        }
    }
    for (size_t i = 0; i < count; i++) {
        bytes += objects[i].size;
        unnamed += !named[i];
        unnamed_bytes += named[i] ? 0 : objects[i].size;
    }
    json_object_set_new(document, "releases", json_integer((json_int_t)records));
    json_object_set_new(document, "objects", cache_sum_to_json(count, bytes));
    json_object_set_new(document, "unnamed", cache_sum_to_json(unnamed, unnamed_bytes));
    return OSB_OK;
}

static osb_status folder_to_object(const osb_context *context, size_t layer,
                                   const stored_release *releases, size_t count, json_t *folders,
                                   osb_error *error)
{
    ARENA_OWNED memory = {0};
    static const char *const kinds[][2] = {
        {"temporary", "tmp"}, {"damaged", "damaged"}, {"lists", "lists"}};
    json_t *document = json_pack("{s:s, s:b}", "folder", cache_layer(context->store, layer),
                                 "written", layer == 0);
    json_array_append_new(folders, document);
    TRY(sum_objects(context, layer, releases, count, &memory, document, error));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        json_t *sum = NULL;
        TRY(sum_files(context, layer, kinds[i][1], &memory, &sum, error));
        json_object_set_new(document, kinds[i][0], sum);
    }
    return OSB_OK;
}

osb_status osb_cache_stat(osb_context *context, json_t **result, osb_error *error)
{
    ARENA_OWNED memory = {0};
    JSON_OWNED *folders = json_array();
    const stored_release *releases;
    size_t count;
    *result = NULL;
    TRY(inventory_releases(context->store, &memory, &releases, &count, error));
    for (size_t i = 0; i < cache_layer_count(context->store); i++)
        TRY(folder_to_object(context, i, releases, count, folders, error));
    *result = json_pack("{s:s, s:i, s:O}", "type", "osbundle-cache-stat", "schema", 1, "folders",
                        folders);
    return *result ? OSB_OK : osb_fail_memory(error);
}

static osb_status add_module_path(osb_context *context, const cached_module *entry, json_t *files,
                                  osb_error *error)
{
    char path[PATH_SIZE], slot[MODULE_SLOT_TEXT], hex[SHA256_HEX_SIZE];
    osb_status status = cas_locate(context->store, entry->sha256, path, error);
    if (status != OSB_OK && error)
        text_copy(error->subject, sizeof error->subject, entry->file);
    TRY(status);
    slot_text(entry->slot, slot);
    text_hex(hex, (span){entry->sha256, SHA256_SIZE});
    json_array_append_new(files, json_pack("{s:s, s:s, s:s, s:s}", "slot", slot, "file",
                                           entry->file, "sha256", hex, "path", path));
    return OSB_OK;
}

static osb_status add_release_paths(osb_context *context, const char *words,
                                    const char *platform_name, json_t *document, osb_error *error)
{
    const platform *board;
    char release_version[VERSION_SIZE];
    cached_release record;
    json_t *files = json_array();
    json_object_set_new(document, "files", files);
    TRY(context_platform(context, platform_name, &board, error));
    context_resolve(context, board, words, false, release_version);
    TRY(cache_find_release(context->store, release_version, board->name, &record, error));
    for (size_t i = 0; i < record.count; i++)
        TRY(add_module_path(context, &record.modules[i], files, error));
    return OSB_OK;
}

osb_status osb_cache_path(osb_context *context, const char *version_words,
                          const char *platform_name, json_t **result, osb_error *error)
{
    *result = NULL;
    json_t *folders = json_array();
    for (size_t i = 0; i < cache_layer_count(context->store); i++)
        json_array_append_new(folders, json_string(cache_layer(context->store, i)));
    JSON_OWNED *document =
        json_pack("{s:s, s:i, s:s, s:o}", "type", "osbundle-cache-path", "schema", 1, "folder",
                  cache_root(context->store), "folders", folders);
    if (!document)
        return osb_fail_memory(error);
    if (version_words)
        TRY(add_release_paths(context, version_words, platform_name, document, error));
    *result = json_incref(document);
    return OSB_OK;
}
