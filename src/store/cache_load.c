/*
 * From the cache to the planner: a record's objects, read, hashed, parsed and judged again.
 *
 * Keeps no bytes. Invariant: a release that comes out of here passed every check of
 * trust/verify.h against its own record and its platform, at this very reading.
 */
#include <string.h>

#include "base/text.h"
#include "store/cache.h"
#include "store/layers.h"
#include "trust/verify.h"

/** Verifies a copy while the cache wants to know its hash, so that it is hashed once. */
typedef struct judgement {
    const verify_expectation *expected;
    verify_report report;
    osb_status status;
    osb_error error;
} judgement;

static void judge(void *context, span file, uint8_t digest[SHA256_SIZE])
{
    judgement *self = context;
    self->status = verify_file(file, self->expected, &self->report, &self->error);
    memcpy(digest, self->report.sha256, SHA256_SIZE);
}

static osb_status load_module(cache *opened, const cached_module *entry, const platform *board,
                              release_module *loaded, osb_error *error)
{
    BUF_OWNED content = buf_make(CACHE_OBJECT_MAX);
    const verify_expectation expected = {.file_name = entry->file,
                                         .published_size = entry->size,
                                         .published_sha256 = entry->sha256,
                                         .board = board,
                                         .slot = &entry->slot};
    judgement judged = {.expected = &expected};
    osb_status status = cas_read_hashed(opened, entry->sha256, judge, &judged, &content, error);
    if (status != OSB_OK && error)
        text_copy(error->subject, sizeof error->subject, entry->file);
    TRY(status);
    if (judged.status != OSB_OK && error)
        *error = judged.error;
    TRY(judged.status);
    release_module_from(loaded, &judged.report.parsed, entry->file, entry->sha256);
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
    cache_note_use(opened, record);
    return OSB_OK;
}
