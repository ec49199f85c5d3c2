/*
 * The facade's answers about releases: list and show.
 *
 * Puts together what cache, catalog and sources say; asks no source but for `remote`. Invariant:
 * every member is there whether its value is known or not.
 */
#include "osbundle_context.h"

#include <string.h>

#include "base/text.h"
#include "osbundle_cache.h"
#include "osbundle_needs.h"

/** What a request about one release for one board is answered from. */
typedef struct answer {
    osb_context *context;
    const platform *board;
    release set;
    cached_release record; /**< `count` 0: not cached */
} answer;

static size_t count_pinned(osb_context *context, const cached_release *record)
{
    release known;
    size_t pinned = 0;
    const platform *board = platform_by_name(&context->platforms, record->platform);
    if (!board || catalog_release(&context->known, record->version, board, &known, NULL) != OSB_OK)
        return 0;
    for (size_t i = 0; i < record->count; i++) {
        const release_module *entry = release_find(&known, record->modules[i].slot);
        pinned += entry && entry->pinned &&
                  !memcmp(entry->sha256, record->modules[i].sha256, SHA256_SIZE);
    }
    return pinned;
}

static osb_status list_cached(osb_context *context, json_t *releases, osb_error *error)
{
    ARENA_OWNED memory = {0};
    const cached_release *records;
    size_t count;
    TRY(cache_list_releases(context->store, &memory, &records, &count, error));
    for (size_t i = 0; i < count; i++) {
        json_t *object = cached_release_to_json(&records[i]);
        catalog_describe(&context->known, records[i].version, &context->platforms, object);
        json_object_set_new(object, "pinned",
                            json_integer((json_int_t)count_pinned(context, &records[i])));
        json_array_append_new(releases, object);
    }
    return OSB_OK;
}

static json_t *cached_platforms(const cached_release *records, size_t count, const char *version)
{
    json_t *platforms = json_array();
    for (size_t i = 0; i < count; i++)
        if (text_equal(records[i].version, version))
            json_array_append_new(platforms, json_string(records[i].platform));
    return platforms;
}

static osb_status list_source(osb_context *context, source *asked, json_t *releases,
                              osb_error *error)
{
    ARENA_OWNED memory = {0};
    const source_listing *listings;
    const cached_release *records;
    size_t count, cached;
    TRY(source_list(asked, &memory, &listings, &count, error));
    TRY(cache_list_releases(context->store, &memory, &records, &cached, error));
    for (size_t i = 0; i < count; i++) {
        const char *named = listings[i].version;
        json_t *object = json_pack("{s:s, s:b, s:s}", "version", named, "prerelease",
                                   listings[i].prerelease, "source", source_url(asked));
        catalog_describe(&context->known, named, &context->platforms, object);
        json_object_set_new(object, "cached", cached_platforms(records, cached, named));
        json_array_append_new(releases, object);
    }
    return OSB_OK;
}

static osb_status list_remote(osb_context *context, json_t *releases, osb_error *error)
{
    for (size_t i = 0; i < context->sources.count; i++) {
        source *asked;
        TRY(source_order_at(&context->sources, i, &asked, error));
        TRY(list_source(context, asked, releases, error));
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

static const cached_module *find_cached(const answer *about, module_slot slot)
{
    for (size_t i = 0; i < about->record.count; i++)
        if (slot_equal(about->record.modules[i].slot, slot))
            return &about->record.modules[i];
    return NULL;
}

/** Beside what the module says: what it needs in words, why it is never written, its origin. */
static void add_to_module(const answer *about, const release_module *entry, json_t *object)
{
    const cached_module *cached = find_cached(about, entry->slot);
    const platform_slot *place = platform_find_slot(about->board, entry->slot);
    json_object_set_new(object, "needs",
                        entry->needs_unknown ? json_null()
                                             : needs_to_json(&about->context->known, about->board,
                                                             entry->dependencies));
    json_object_set_new(object, "reason", json_text_or_null(place ? place->reason : NULL));
    json_object_set_new(object, "from", json_text_or_null(cached ? cached->from : NULL));
    json_object_set_new(object, "when", json_text_or_null(cached ? cached->when : NULL));
    json_object_set_new(object, "older",
                        json_text_or_null(cached && *cached->older ? cached->older : NULL));
}

/** Slots of a complete set that the release has nothing for, and who would fill them. */
static json_t *missing_to_json(const answer *about)
{
    json_t *missing = json_array();
    for (size_t i = 0; i < about->board->slot_count; i++) {
        const platform_slot *place = &about->board->slots[i];
        char slot[MODULE_SLOT_TEXT];
        if (!place->required || release_find(&about->set, place->slot))
            continue;
        /* A system is never put together from two releases. */
        const char *older = place->slot.function == MODULE_SYSTEM_PART
                                ? NULL
                                : catalog_older_with(&about->context->known, about->board,
                                                     place->slot, about->set.version);
        slot_text(place->slot, slot);
        json_t *object = json_pack("{s:s, s:s}", "slot", slot, "name", place->name);
        json_object_set_new(object, "older", json_text_or_null(older));
        json_array_append_new(missing, object);
    }
    return missing;
}

static bool is_named(const json_t *names, const char *wanted)
{
    size_t i;
    json_t *name;
    bool found = false;
    json_array_foreach(names, i, name)
    {
        found = found || text_equal(json_string_value(name), wanted);
    }
    return found;
}

static json_t *answer_to_json(const answer *about)
{
    json_t *object = release_to_json(&about->set);
    json_t *modules = json_object_get(object, "modules");
    size_t pinned = 0;
    catalog_describe(&about->context->known, about->set.version, &about->context->platforms,
                     object);
    for (size_t i = 0; i < about->set.module_count; i++) {
        add_to_module(about, &about->set.modules[i], json_array_get(modules, i));
        pinned += about->set.modules[i].pinned;
    }
    json_object_set_new(
        object, "latest",
        json_boolean(is_named(json_object_get(object, "latest_for"), about->board->name)));
    json_object_del(object, "latest_for");
    if (about->record.count)
        pinned = count_pinned(about->context, &about->record);
    json_object_set_new(object, "cached", json_boolean(about->record.count > 0));
    json_object_set_new(object, "pinned", json_integer((json_int_t)pinned));
    json_object_set_new(object, "missing", missing_to_json(about));
    return object;
}

osb_status osb_show(osb_context *context, const char *version_words, const char *platform_name,
                    json_t **result, osb_error *error)
{
    char release_version[VERSION_SIZE];
    answer about = {.context = context};
    *result = NULL;
    TRY(context_platform(context, platform_name, &about.board, error));
    context_resolve(context, about.board, version_words, false, release_version);
    TRY(context_known_release(context, release_version, about.board, &about.set, error));
    if (cache_find_release(context->store, release_version, platform_name, &about.record, NULL) !=
        OSB_OK)
        about.record.count = 0;
    *result = answer_to_json(&about);
    return OSB_OK;
}
