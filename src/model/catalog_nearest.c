/*
 * What is nearest to something that is not there: for errors, and for what a release lacks.
 *
 * Invariant: only published releases for the very board are ever named.
 */
#include <string.h>

#include "base/text.h"
#include "model/catalog_entry.h"

/** Whether some board has that release. */
static bool is_known(const catalog *known, const char *words)
{
    version parsed;
    bool found = false;
    for (size_t i = 0; i < known->count && !found && version_parse(words, &parsed); i++)
        found = version_compare(&known->entries[i].parsed, &parsed) == 0;
    return found;
}

/** The first `parts` numbers of what begins like a version: "5.3" of "5.3.9". */
static bool take_beginning(const char *words, size_t parts, char beginning[VERSION_SIZE])
{
    size_t size = 0;
    words += *words == 'v';
    for (size_t part = 0; part < parts; part++) {
        size_t digits = strspn(words + size, "0123456789");
        if (!digits || (part && words[size - 1] != '.'))
            return false;
        size += digits + (part + 1 < parts);
    }
    if (size >= VERSION_SIZE)
        return false;
    memcpy(beginning, words, size);
    beginning[size] = '\0';
    return true;
}

void catalog_explain_missing(const catalog *known, const platform *board, const char *words,
                             char *text, size_t capacity)
{
    char beginning[VERSION_SIZE];
    const char *newest = catalog_resolve(known, board, "latest", false);
    const char *near = NULL;
    if (text_equal(words, "lts") || is_known(known, words)) {
        text_format(text, capacity, "%s %s; newest for it is %s",
                    text_equal(words, "lts") ? "there is no LTS release for" : "was not made for",
                    board->name, newest ? newest : "not known");
        return;
    }
    for (size_t parts = 2; parts > 0 && !near; parts--)
        if (take_beginning(words, parts, beginning))
            near = catalog_resolve(known, board, beginning, false);
    if (near)
        text_format(text, capacity, "no such release; newest %s.x for %s is %s", beginning,
                    board->name, near);
    else
        text_format(text, capacity, "no such release; newest for %s is %s", board->name,
                    newest ? newest : "not known");
}

const char *catalog_older_with(const catalog *known, const platform *board, module_slot slot,
                               const char *release_version)
{
    version parsed;
    size_t i = version_parse(release_version, &parsed) ? known->count : 0;
    while (i-- > 0) {
        const catalog_entry *entry = &known->entries[i];
        const catalog_board *made = catalog_entry_find(entry, board);
        if (entry->prerelease || version_compare(&entry->parsed, &parsed) >= 0)
            continue;
        for (size_t k = 0; made && k < made->module_count; k++)
            if (slot_equal(made->modules[k].slot, slot))
                return entry->text;
    }
    return NULL;
}
