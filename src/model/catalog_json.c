/*
 * What the catalog knows of a release as a whole, as JSON.
 *
 * The modules it holds for one board are release.c. Invariant: the members are there whether the
 * release is known or not.
 */
#include "base/text.h"
#include "model/catalog_entry.h"

static const catalog_entry *find_entry(const catalog *known, const char *release_version)
{
    version wanted;
    for (size_t i = 0; i < known->count && version_parse(release_version, &wanted); i++)
        if (version_compare(&known->entries[i].parsed, &wanted) == 0)
            return &known->entries[i];
    return NULL;
}

static bool is_latest(const catalog *known, const catalog_entry *entry, const platform *board)
{
    const char *latest = catalog_resolve(known, board, "latest", false);
    return latest && text_equal(latest, entry->text);
}

static void add_platforms(const catalog *known, const catalog_entry *entry,
                          const platform_list *boards, json_t *object)
{
    json_t *made = json_array(), *latest = json_array();
    for (size_t i = 0; i < boards->count; i++) {
        const platform *board = &boards->items[i];
        if (!catalog_entry_find(entry, board))
            continue;
        json_array_append_new(made, json_string(board->name));
        if (is_latest(known, entry, board))
            json_array_append_new(latest, json_string(board->name));
    }
    json_object_set_new(object, "platforms", made);
    json_object_set_new(object, "latest_for", latest);
}

void catalog_describe(const catalog *known, const char *release_version,
                      const platform_list *boards, json_t *object)
{
    const catalog_entry *entry = find_entry(known, release_version);
    version parsed;
    bool prerelease = version_parse(release_version, &parsed) && *parsed.prerelease;
    json_object_set_new(object, "channel",
                        json_text_or_null(entry && *entry->channel ? entry->channel : NULL));
    json_object_set_new(object, "lts", entry ? json_boolean(entry->lts) : json_null());
    if (!json_object_get(object, "prerelease"))
        json_object_set_new(object, "prerelease", json_boolean(prerelease));
    if (entry) {
        add_platforms(known, entry, boards, object);
        return;
    }
    json_object_set_new(object, "platforms", json_null());
    json_object_set_new(object, "latest_for", json_null());
}
