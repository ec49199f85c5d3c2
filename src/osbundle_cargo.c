/*
 * What bundles and mirrors have in common: releases are fetched, listed, and told as JSON.
 *
 * Where they go is osbundle_bundle.c's and osbundle_mirror.c's. Invariant: only what passed every
 * check on its way into the cache is listed.
 */
#include "osbundle_cargo.h"

#include "base/text.h"

static osb_status add_release(osb_context *context, const char *words, const platform *board,
                              bool allow_incomplete, release_index *index, osb_error *error)
{
    char release_version[VERSION_SIZE];
    release set;
    cached_release record;
    context_resolve(context, board, words, false, release_version);
    TRY(context_release(context, release_version, board, allow_incomplete, &set, &record, error));
    return release_index_add(index, &record, error);
}

static osb_status add_for_named(osb_context *context, const osb_cargo *cargo, const char *words,
                                release_index *index, osb_error *error)
{
    for (size_t i = 0; i < cargo->platform_count; i++) {
        const platform *board;
        TRY(context_platform(context, cargo->platforms[i], &board, error));
        TRY(add_release(context, words, board, cargo->allow_incomplete, index, error));
    }
    return OSB_OK;
}

/** Whether the release that the words name for this platform was made for it. */
static bool has_release(const osb_context *context, const platform *board, const char *words)
{
    release set;
    const char *named = catalog_resolve(&context->known, board, words, false);
    return named && catalog_release(&context->known, named, board, &set, NULL) == OSB_OK;
}

static osb_status add_for_all(osb_context *context, const osb_cargo *cargo, const char *words,
                              release_index *index, osb_error *error)
{
    size_t found = 0;
    for (size_t i = 0; i < context->platforms.count; i++) {
        const platform *board = &context->platforms.items[i];
        if (!has_release(context, board, words))
            continue;
        TRY(add_release(context, words, board, cargo->allow_incomplete, index, error));
        found++;
    }
    if (found)
        return OSB_OK;
    return osb_fail(error, OSB_ERR_NOT_FOUND, words, "name the platforms with -p",
                    "the catalog does not know this release");
}

osb_status cargo_add_releases(osb_context *context, const osb_cargo *cargo, release_index *index,
                              osb_error *error)
{
    for (size_t i = 0; i < cargo->version_count; i++) {
        if (cargo->platform_count)
            TRY(add_for_named(context, cargo, cargo->versions[i], index, error));
        else
            TRY(add_for_all(context, cargo, cargo->versions[i], index, error));
    }
    return OSB_OK;
}

static json_t *listed_to_json(const index_release *listed)
{
    json_t *files = json_array();
    uint64_t bytes = 0;
    for (size_t i = 0; i < listed->count; i++) {
        const index_module *entry = &listed->modules[i];
        char slot[MODULE_SLOT_TEXT], hash[SHA256_HEX_SIZE];
        slot_text(entry->slot, slot);
        text_hex(hash, (span){entry->file.sha256, SHA256_SIZE});
        bytes += entry->file.size;
        json_t *file = json_pack("{s:s, s:s, s:I, s:s}", "slot", slot, "file", entry->file.name,
                                 "size", (json_int_t)entry->file.size, "sha256", hash);
        if (*entry->older)
            json_object_set_new(file, "older", json_string(entry->older));
        json_array_append_new(files, file);
    }
    return json_pack("{s:s, s:s, s:I, s:o}", "version", listed->version, "platform",
                     listed->platform, "bytes", (json_int_t)bytes, "files", files);
}

json_t *cargo_releases_to_json(const release_index *index)
{
    json_t *releases = json_array();
    for (size_t i = 0; i < index->release_count; i++)
        json_array_append_new(releases, listed_to_json(&index->releases[i]));
    return releases;
}
