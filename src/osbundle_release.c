/*
 * The facade's releases: fetch, list, show.
 *
 * Chooses between cache, catalog and sources; what each of them does is theirs.
 */
#include "osbundle_context.h"

#include "base/text.h"
#include "net/fetch.h"
#include "osbundle_cache.h"

void context_resolve(osb_context *context, const platform *board, const char *words,
                     bool prerelease, char release_version[VERSION_SIZE])
{
    const char *named = catalog_resolve(&context->known, board, words, prerelease);
    if (!named && words[0] == 'v')
        words++;
    text_copy(release_version, VERSION_SIZE, named ? named : words);
}

void context_download_progress(void *context, const fetch_news *news)
{
    osb_event event = {.phase = news->waiting_for ? "retry" : "download",
                       .file = news->file,
                       .done = news->done,
                       .total = news->total,
                       .file_done = news->file_done,
                       .file_total = news->file_total,
                       .reason = news->waiting_for,
                       .wait_ms = news->wait_ms};
    context_tell(context, &event);
}

static osb_status fetch_one(osb_context *context, const char *release_version,
                            const platform *board, bool allow_incomplete, fetch_result *result,
                            osb_error *error)
{
    fetch_progress progress = {context_download_progress, context};
    return fetch_release(&context->sources, release_version, board, &context->known, context->store,
                         allow_incomplete, &progress, result, error);
}

/** A plan says nothing of where files come from. */
static void tell_older(osb_context *context, const cached_release *record)
{
    for (size_t i = 0; i < record->count; i++) {
        const cached_module *entry = &record->modules[i];
        char slot[MODULE_SLOT_TEXT];
        slot_text(entry->slot, slot);
        if (*entry->older)
            log_line(&context->log, LOG_WARNING, "release",
                     "%s for %s lacks %s, which is taken from %s: %s", record->version,
                     record->platform, slot, entry->older, entry->file);
    }
}

osb_status context_release(osb_context *context, const char *release_version, const platform *board,
                           bool allow_incomplete, release *set, cached_release *record,
                           osb_error *error)
{
    fetch_result result;
    TRY(fetch_one(context, release_version, board, allow_incomplete, &result, error));
    tell_older(context, &result.record);
    *set = result.set;
    if (record)
        *record = result.record;
    return OSB_OK;
}

osb_status context_known_release(osb_context *context, const char *release_version,
                                 const platform *board, release *set, osb_error *error)
{
    cached_release record;
    osb_status status =
        cache_find_release(context->store, release_version, board->name, &record, error);
    if (status == OSB_OK)
        return cache_load_release(context->store, &record, board, set, error);
    if (status != OSB_ERR_NOT_FOUND)
        return status;
    return catalog_release(&context->known, release_version, board, set, error);
}

json_t *cached_release_to_json(const cached_release *record)
{
    json_t *files = json_array();
    uint64_t bytes = 0;
    for (size_t i = 0; i < record->count; i++) {
        const cached_module *entry = &record->modules[i];
        char slot[MODULE_SLOT_TEXT], hash[SHA256_HEX_SIZE];
        slot_text(entry->slot, slot);
        text_hex(hash, (span){entry->sha256, SHA256_SIZE});
        bytes += entry->size;
        json_t *file = json_pack("{s:s, s:s, s:I, s:s, s:s, s:s}", "slot", slot, "file",
                                 entry->file, "size", (json_int_t)entry->size, "sha256", hash,
                                 "from", entry->from, "when", entry->when);
        if (*entry->older)
            json_object_set_new(file, "older", json_string(entry->older));
        json_array_append_new(files, file);
    }
    return json_pack("{s:s, s:s, s:I, s:o}", "version", record->version, "platform",
                     record->platform, "bytes", (json_int_t)bytes, "files", files);
}

/** The platforms named, or those of the boards that are there. */
static osb_status chosen_platforms(osb_context *context, const char *const *names, size_t count,
                                   const platform *chosen[USB_DEVICES_MAX], size_t *chosen_count,
                                   osb_error *error)
{
    transport *bus;
    device_entry entries[USB_DEVICES_MAX];
    *chosen_count = 0;
    if (count > USB_DEVICES_MAX)
        return osb_fail(error, OSB_ERR_USAGE, NULL, "name fewer", "too many platforms");
    for (size_t i = 0; i < count; i++)
        TRY(context_platform(context, names[i], &chosen[(*chosen_count)++], error));
    if (count)
        return OSB_OK;
    TRY(context_bus(context, &bus, error));
    TRY(device_discover(bus, &context->platforms, entries, USB_DEVICES_MAX, &count, error));
    for (size_t i = 0; i < count; i++) {
        bool seen = false;
        for (size_t k = 0; k < *chosen_count; k++)
            seen = seen || chosen[k] == entries[i].board;
        if (!seen)
            chosen[(*chosen_count)++] = entries[i].board;
    }
    if (*chosen_count)
        return OSB_OK;
    return osb_fail(error, OSB_ERR_USAGE, NULL, "name one with -p PLATFORM, or plug in a board",
                    "no platform was named and no board is there");
}

osb_status osb_fetch(osb_context *context, const char *version_words, const char *const *platforms,
                     size_t platform_count, bool allow_incomplete, json_t **result,
                     osb_error *error)
{
    const platform *chosen[USB_DEVICES_MAX];
    size_t count;
    *result = NULL;
    TRY(chosen_platforms(context, platforms, platform_count, chosen, &count, error));
    JSON_OWNED *releases = json_array();
    uint64_t downloaded = 0, bytes = 0;
    for (size_t i = 0; i < count; i++) {
        fetch_result fetched;
        char release_version[VERSION_SIZE];
        context_resolve(context, chosen[i], version_words, false, release_version);
        TRY(fetch_one(context, release_version, chosen[i], allow_incomplete, &fetched, error));
        json_array_append_new(releases, cached_release_to_json(&fetched.record));
        downloaded += fetched.downloaded;
        bytes += fetched.bytes;
    }
    *result = json_pack("{s:s, s:i, s:I, s:I, s:O}", "type", "osbundle-fetch", "schema", 1,
                        "downloaded_files", (json_int_t)downloaded, "downloaded_bytes",
                        (json_int_t)bytes, "releases", releases);
    return OSB_OK;
}

static osb_status list_cached(osb_context *context, json_t *releases, osb_error *error)
{
    ARENA_OWNED memory = {0};
    const cached_release *records;
    size_t count;
    TRY(cache_list_releases(context->store, &memory, &records, &count, error));
    for (size_t i = 0; i < count; i++)
        json_array_append_new(releases, cached_release_to_json(&records[i]));
    return OSB_OK;
}

static osb_status list_remote(osb_context *context, json_t *releases, osb_error *error)
{
    for (size_t i = 0; i < context->sources.count; i++) {
        ARENA_OWNED memory = {0};
        const source_listing *listings;
        size_t count;
        source *asked;
        TRY(source_order_at(&context->sources, i, &asked, error));
        TRY(source_list(asked, &memory, &listings, &count, error));
        for (size_t k = 0; k < count; k++)
            json_array_append_new(
                releases, json_pack("{s:s, s:b, s:s}", "version", listings[k].version, "prerelease",
                                    listings[k].prerelease, "source", source_url(asked)));
    }
    return OSB_OK;
}

osb_status osb_list(osb_context *context, bool remote, json_t **result, osb_error *error)
{
    *result = NULL;
    JSON_OWNED *releases = json_array();
    if (remote)
        TRY(list_remote(context, releases, error));
    else
        TRY(list_cached(context, releases, error));
    *result = json_pack("{s:s, s:i, s:b, s:O}", "type", "osbundle-releases", "schema", 1, "remote",
                        remote, "releases", releases);
    return OSB_OK;
}

osb_status osb_show(osb_context *context, const char *version_words, const char *platform_name,
                    json_t **result, osb_error *error)
{
    const platform *board;
    char release_version[VERSION_SIZE];
    release set;
    *result = NULL;
    TRY(context_platform(context, platform_name, &board, error));
    context_resolve(context, board, version_words, false, release_version);
    TRY(context_known_release(context, release_version, board, &set, error));
    *result = release_to_json(&set);
    return OSB_OK;
}
