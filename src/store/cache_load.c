/*
 * From the cache to the planner: a record's objects, read, hashed, parsed and judged again.
 *
 * Keeps no bytes. Invariant: a release that comes out of here passed every check of
 * trust/verify.h against its own record and its platform, at this very reading.
 */
#include "base/text.h"
#include "store/cache.h"
#include "store/layers.h"
#include "trust/verify.h"

static osb_status load_module(cache *opened, const cached_module *entry, const platform *board,
                              release_module *loaded, osb_error *error)
{
    BUF_OWNED content = buf_make(CACHE_OBJECT_MAX);
    osb_status status = cas_read(opened, entry->sha256, &content, error);
    if (status != OSB_OK && error)
        text_copy(error->subject, sizeof error->subject, entry->file);
    TRY(status);
    verify_expectation expected = {.file_name = entry->file,
                                   .published_size = entry->size,
                                   .published_sha256 = entry->sha256,
                                   .board = board,
                                   .slot = &entry->slot};
    verify_report report;
    TRY(verify_file(buf_span(&content), &expected, &report, error));
    release_module_from(loaded, &report.parsed, entry->file);
    return OSB_OK;
}

osb_status cache_load_release(cache *opened, const cached_release *record, const platform *board,
                              release *set, osb_error *error)
{
    *set = (release){.board = board};
    text_copy(set->version, sizeof set->version, record->version);
    if (!text_equal(record->platform, board->name))
        return osb_fail(error, OSB_ERR_USAGE, record->version, "ask for the board's own platform",
                        "is cached for %s, not for %s", record->platform, board->name);
    for (size_t i = 0; i < record->count; i++) {
        TRY(load_module(opened, &record->modules[i], board, &set->modules[i], error));
        set->module_count++;
    }
    return OSB_OK;
}
