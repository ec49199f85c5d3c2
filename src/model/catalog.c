/*
 * Which releases exist, and what each holds for a platform.
 *
 * Begins with what the build made of the manifests; catalog_add puts others beside or over that.
 * Words such as "latest" are catalog_resolve.c. Invariant: entries are ordered by version, oldest
 * first, and no version stands there twice. Nothing changes after loading, so workers may share a
 * catalog.
 */
#include "model/release.h"

#include <string.h>

#include "base/text.h"
#include "model/catalog_entry.h"

/** Where an entry of that version stands, or would stand. */
static size_t find_place(const catalog *known, const version *wanted, bool *there)
{
    size_t place = 0;
    int order = 1;
    while (place < known->count) {
        order = version_compare(&known->entries[place].parsed, wanted);
        if (order >= 0)
            break;
        place++;
    }
    *there = place < known->count && order == 0;
    return place;
}

/** Makes the entries the catalog's own, with room for one more. */
static osb_status make_room(catalog *known, osb_error *error)
{
    if (known->count < known->capacity)
        return OSB_OK;
    size_t capacity = known->count ? known->count * 2 : 64;
    catalog_entry *entries = arena_take(&known->memory, capacity, sizeof *entries);
    if (!entries)
        return osb_fail_memory(error);
    if (known->count)
        memcpy(entries, known->entries, known->count * sizeof *entries);
    known->entries = known->own = entries;
    known->capacity = capacity;
    return OSB_OK;
}

static osb_status insert(catalog *known, const catalog_entry *entry, osb_error *error)
{
    bool there;
    TRY(make_room(known, error));
    size_t place = find_place(known, &entry->parsed, &there);
    if (!there) {
        memmove(&known->own[place + 1], &known->own[place], (known->count - place) * sizeof *entry);
        known->count++;
    }
    known->own[place] = *entry;
    return OSB_OK;
}

osb_status catalog_add(catalog *known, const json_t *manifest, const char *subject,
                       osb_error *error)
{
    catalog_entry entry;
    TRY(catalog_entry_read(manifest, subject, &known->memory, &entry, error));
    return insert(known, &entry, error);
}

osb_status catalog_load(catalog *known, osb_error *error)
{
    (void)error;
    *known = (catalog){.entries = built_in_releases, .count = built_in_release_count};
    return OSB_OK;
}

void catalog_free(catalog *known)
{
    arena_free(&known->memory);
    *known = (catalog){0};
}

const char *catalog_version(const catalog *known, size_t index)
{
    return known->entries[index].text;
}

static void fill_release(const catalog_entry *entry, const catalog_board *made,
                         const platform *board, release *found)
{
    *found = (release){.board = board, .module_count = made->module_count};
    text_copy(found->version, sizeof found->version, entry->text);
    text_copy(found->channel, sizeof found->channel, entry->channel);
    memcpy(found->modules, made->modules, made->module_count * sizeof *made->modules);
}

osb_status catalog_release(const catalog *known, const char *wanted, const platform *board,
                           release *found, osb_error *error)
{
    version parsed;
    bool there = false;
    size_t place = version_parse(wanted, &parsed) ? find_place(known, &parsed, &there) : 0;
    if (!there)
        return osb_fail(error, OSB_ERR_NOT_FOUND, wanted,
                        "`osbundle list --remote` shows what sources offer",
                        "no built-in facts about this release");
    const catalog_board *made = catalog_entry_find(&known->entries[place], board);
    if (!made)
        return osb_fail(error, OSB_ERR_NOT_FOUND, wanted,
                        "choose a release that was made for this board",
                        "no built-in facts about this release for %s", board->display_name);
    fill_release(&known->entries[place], made, board, found);
    return OSB_OK;
}
