/*
 * Answers of a source from an index of releases.
 *
 * Opens nothing. Invariant: every file that is listed has its size and SHA-256, so that whatever
 * the way it comes, only the very file is taken.
 */
#include "net/source_index.h"

#include <string.h>

#include "base/text.h"
#include "model/version.h"

typedef bool (*locator)(source *self, const index_file *file, char *target, size_t capacity);

static osb_status add_files(const index_release *listed, source *self, locator locate, buf *files,
                            osb_error *error)
{
    for (size_t i = 0; i < listed->count; i++) {
        const index_file *entry = &listed->modules[i].file;
        source_file file = {.size = entry->size, .has_sha256 = true};
        memcpy(file.sha256, entry->sha256, SHA256_SIZE);
        text_copy(file.name, sizeof file.name, entry->name);
        text_copy(file.older, sizeof file.older, listed->modules[i].older);
        if (!locate(self, entry, file.location, sizeof file.location))
            return osb_fail(error, OSB_ERR_USAGE, self->url, "use a shorter one",
                            "the source is too long");
        buf_append(files, (span){(const uint8_t *)&file, sizeof file});
    }
    return OSB_OK;
}

osb_status index_find(const release_index *index, source *self, const char *os_version,
                      locator locate, arena *memory, source_listing *listing, osb_error *error)
{
    const char *wanted = os_version[0] == 'v' ? os_version + 1 : os_version;
    version parsed;
    BUF_OWNED files = source_files_make();
    for (size_t i = 0; i < index->release_count; i++)
        if (text_equal(index->releases[i].version, wanted))
            TRY(add_files(&index->releases[i], self, locate, &files, error));
    if (!files.size)
        return osb_fail(error, OSB_ERR_NOT_FOUND, wanted,
                        "see 'osbundle list --remote' for what there is", "no such release at %s",
                        self->url);
    text_copy(listing->version, sizeof listing->version, wanted);
    listing->prerelease = version_parse(wanted, &parsed) && *parsed.prerelease;
    return source_files_take(&files, memory, listing, error);
}

osb_status index_list(const release_index *index, arena *memory, const source_listing **listings,
                      size_t *count, osb_error *error)
{
    source_listing *list = arena_take(memory, index->release_count, sizeof *list);
    size_t kept = 0;
    if (!list)
        return osb_fail_memory(error);
    for (size_t i = 0; i < index->release_count; i++) {
        version parsed;
        const char *named = index->releases[i].version;
        if (kept && text_equal(list[kept - 1].version, named))
            continue;
        text_copy(list[kept].version, sizeof list[kept].version, named);
        list[kept].prerelease = version_parse(named, &parsed) && *parsed.prerelease;
        kept++;
    }
    source_listings_sort(list, kept);
    *listings = list;
    *count = kept;
    return OSB_OK;
}
