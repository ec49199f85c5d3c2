/*
 * The facade's releases: which one is meant, and fetching it.
 *
 * Chooses between cache, catalog and sources; what each of them does is theirs. Telling of
 * releases is osbundle_show.c.
 */
#include "osbundle_context.h"

#include "base/text.h"
#include "net/fetch.h"
#include "osbundle_cache.h"

/** Takes over a release that the words name, unless what was found before is newer. */
static void consider(const char *candidate, const char *words, bool prerelease,
                     char newest[VERSION_SIZE])
{
    version parsed;
    if (!version_parse(candidate, &parsed) || (*parsed.prerelease && !prerelease) ||
        !(text_equal(words, "latest") || version_matches(words, &parsed)))
        return;
    if (!*newest || version_compare_text(candidate, newest) > 0)
        text_copy(newest, VERSION_SIZE, candidate);
}

static void consider_cached(osb_context *context, const platform *board, const char *words,
                            bool prerelease, char newest[VERSION_SIZE])
{
    ARENA_OWNED memory = {0};
    const cached_release *records;
    size_t count;
    if (cache_list_releases(context->store, &memory, &records, &count, NULL) != OSB_OK)
        return;
    for (size_t i = 0; i < count; i++)
        if (text_equal(records[i].platform, board->name))
            consider(records[i].version, words, prerelease, newest);
}

/** A source that does not answer now will say so when it is asked for the release. */
static void consider_listed(osb_context *context, const char *words, bool prerelease,
                            char newest[VERSION_SIZE])
{
    for (size_t i = 0; i < context->sources.count; i++) {
        ARENA_OWNED memory = {0};
        const source_listing *listings;
        size_t count;
        source *asked;
        if (source_order_at(&context->sources, i, &asked, NULL) != OSB_OK ||
            source_list(asked, &memory, &listings, &count, NULL) != OSB_OK)
            continue;
        for (size_t k = 0; k < count; k++)
            consider(listings[k].version, words, prerelease, newest);
    }
}

static bool is_short(const char *words)
{
    version whole;
    return !version_parse(words, &whole) && !text_equal(words, "lts");
}

void context_resolve(osb_context *context, const platform *board, const char *words,
                     bool prerelease, char release_version[VERSION_SIZE])
{
    prerelease = prerelease || context->prerelease;
    const char *named = catalog_resolve(&context->known, board, words, prerelease);
    bool advised = named && text_equal(words, "latest");
    text_copy(release_version, VERSION_SIZE, named ? named : "");
    if (is_short(words) && !advised) {
        consider_cached(context, board, words, prerelease, release_version);
        if (!*release_version)
            consider_listed(context, words, prerelease, release_version);
    }
    if (!*release_version)
        text_copy(release_version, VERSION_SIZE, words + (words[0] == 'v'));
}

/** Where neither catalog nor sources have a release, the nearest that there is helps more. */
static osb_status explain_missing(osb_context *context, const char *words, const platform *board,
                                  osb_status status, osb_error *error)
{
    char text[200];
    release there;
    if (status != OSB_ERR_NOT_FOUND ||
        catalog_release(&context->known, words, board, &there, NULL) == OSB_OK)
        return status;
    catalog_explain_missing(&context->known, board, words, text, sizeof text);
    return osb_fail(error, OSB_ERR_NOT_FOUND, words,
                    "`osbundle list --remote` shows what sources offer", "%s", text);
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
    osb_status status = fetch_release(&context->sources, release_version, board, &context->known,
                                      context->store, allow_incomplete, &progress, result, error);
    return explain_missing(context, release_version, board, status, error);
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
    status = catalog_release(&context->known, release_version, board, set, error);
    return explain_missing(context, release_version, board, status, error);
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
