/*
 * From words and numbers to releases: "latest", "5.3", or "who needs system part 5301?".
 *
 * Invariant: answers are per platform, and only releases that were made for it are ever named.
 */
#include "model/release.h"

#include "base/text.h"
#include "model/catalog_entry.h"

static const release_module *find_module(const catalog_entry *entry, const platform *board,
                                         module_slot slot)
{
    const catalog_board *made = catalog_entry_find(entry, board);
    for (size_t i = 0; made && i < made->module_count; i++) {
        if (slot_equal(made->modules[i].slot, slot))
            return &made->modules[i];
    }
    return NULL;
}

size_t catalog_releases_with(const catalog *known, const platform *board, module_slot slot,
                             uint16_t module_version, const char **names, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < known->count; i++) {
        const release_module *entry = find_module(&known->entries[i], board, slot);
        if (!entry || entry->version != module_version)
            continue;
        if (count < capacity)
            names[count] = known->entries[i].text;
        count++;
    }
    return count;
}

const char *catalog_os_version(const catalog *known, const platform *board, module_slot slot,
                               uint16_t module_version)
{
    const catalog_entry *only = NULL;
    size_t finals = 0, others = 0;
    for (size_t i = 0; i < known->count; i++) {
        const catalog_entry *entry = &known->entries[i];
        const release_module *there = find_module(entry, board, slot);
        if (!there || there->version != module_version)
            continue;
        if (!entry->prerelease || !finals)
            only = entry;
        finals += !entry->prerelease;
        others += entry->prerelease;
    }
    return finals == 1 || (!finals && others == 1) ? only->text : NULL;
}

const char *catalog_first_with(const catalog *known, const platform *board, module_slot slot,
                               uint16_t module_version)
{
    const char *prerelease = NULL;
    for (size_t i = 0; i < known->count; i++) {
        const catalog_entry *entry = &known->entries[i];
        const release_module *there = find_module(entry, board, slot);
        if (!there || there->version < module_version)
            continue;
        if (!entry->prerelease)
            return entry->text;
        prerelease = prerelease ? prerelease : entry->text;
    }
    return prerelease;
}

const char *catalog_last_with(const catalog *known, const platform *board, module_slot slot,
                              uint16_t module_version)
{
    for (size_t i = known->count; i-- > 0;) {
        const release_module *entry = find_module(&known->entries[i], board, slot);
        if (entry && entry->version <= module_version)
            return known->entries[i].text;
    }
    return NULL;
}

static bool is_internal(const catalog_entry *entry)
{
    return text_equal(entry->channel, "internal");
}

static bool is_preview(const catalog_entry *entry)
{
    return entry->prerelease || text_equal(entry->channel, "preview");
}

/** Releases above the one that the vendor calls latest for a board are there, but not advised. */
static size_t advised_count(const catalog *known, const platform *board)
{
    for (size_t i = known->count; i-- > 0;) {
        const catalog_board *made = catalog_entry_find(&known->entries[i], board);
        if (made && made->latest)
            return i + 1;
    }
    return known->count;
}

static const char *newest_advised(const catalog *known, const platform *board, bool lts,
                                  bool prerelease)
{
    size_t count = prerelease ? known->count : advised_count(known, board);
    while (count-- > 0) {
        const catalog_entry *entry = &known->entries[count];
        if (catalog_entry_find(entry, board) && (!lts || entry->lts) && !is_internal(entry) &&
            (prerelease || !is_preview(entry)))
            return entry->text;
    }
    return NULL;
}

static bool names(const char *words, const catalog_entry *entry, bool prerelease)
{
    version whole;
    bool in_full = version_parse(words, &whole);
    bool wanted = in_full || (!is_internal(entry) && (prerelease || !entry->prerelease));
    return wanted && version_matches(words, &entry->parsed);
}

const char *catalog_resolve(const catalog *known, const platform *board, const char *words,
                            bool prerelease)
{
    if (text_equal(words, "latest"))
        return newest_advised(known, board, false, prerelease);
    if (text_equal(words, "lts"))
        return newest_advised(known, board, true, prerelease);
    for (size_t i = known->count; i-- > 0;) {
        const catalog_entry *entry = &known->entries[i];
        if (names(words, entry, prerelease) && catalog_entry_find(entry, board))
            return entry->text;
    }
    return NULL;
}
