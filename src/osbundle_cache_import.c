/*
 * The facade's import: everything that some sources have, fetched into the cache.
 *
 * A source is read and its files are verified as in any fetch. Invariant: a release that cannot be
 * had is told and stops no other; a disk or a network that fails stops all.
 */
#include "osbundle_cache.h"

#include "base/text.h"
#include "net/fetch.h"

typedef struct import {
    osb_context *context;
    const osb_import *wanted;
    json_t *imported, *skipped;
    uint64_t files, bytes;
    osb_status worst;
    osb_error first;
} import;

static void import_free(import *run)
{
    json_release(&run->imported);
    json_release(&run->skipped);
}

/** Whether it concerns one release only. */
static bool goes_on_after(osb_status status)
{
    return status == OSB_ERR_REFUSED || status == OSB_ERR_INTEGRITY ||
           status == OSB_ERR_NOT_A_MODULE || status == OSB_ERR_NOT_FOUND;
}

static osb_status skip(import *run, const char *release_version, const platform *board,
                       const osb_error *problem, osb_error *error)
{
    if (!goes_on_after(problem->status)) {
        if (error)
            *error = *problem;
        return problem->status;
    }
    json_array_append_new(run->skipped,
                          json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "version", release_version,
                                    "platform", board->name, "code",
                                    osb_status_name(problem->status), "subject", problem->subject,
                                    "message", problem->message, "hint", problem->hint));
    if (run->worst == OSB_OK || run->worst == OSB_ERR_REFUSED) {
        run->worst = problem->status;
        run->first = *problem;
    }
    return OSB_OK;
}

static osb_status import_release(import *run, source_order *from, const char *release_version,
                                 const platform *board, osb_error *error)
{
    const osb_context *context = run->context;
    const fetch_progress progress = {context_download_progress, run->context};
    fetch_result fetched;
    osb_error problem = {0};
    if (fetch_release(from, release_version, board, &context->known, context->store,
                      run->wanted->allow_incomplete, &progress, &fetched, &problem) != OSB_OK)
        return skip(run, release_version, board, &problem, error);
    run->files += fetched.downloaded;
    run->bytes += fetched.bytes;
    json_t *release = cached_release_to_json(&fetched.record);
    json_object_set_new(release, "already_cached", json_boolean(fetched.already_cached));
    json_array_append_new(run->imported, release);
    return OSB_OK;
}

static bool is_wanted(const osb_import *wanted, const platform *board)
{
    for (size_t i = 0; i < wanted->platform_count; i++)
        if (text_equal(wanted->platforms[i], board->name))
            return true;
    return !wanted->platform_count;
}

static osb_status import_version(import *run, source_order *from, const char *release_version,
                                 osb_error *error)
{
    ARENA_OWNED memory = {0};
    source_listing listing;
    const platform_list *boards = &run->context->platforms;
    TRY(source_find(from->opened[0], release_version, &memory, &listing, error));
    for (size_t i = 0; i < boards->count; i++)
        if (is_wanted(run->wanted, &boards->items[i]) &&
            fetch_lists_any(&listing, &boards->items[i], &run->context->known))
            TRY(import_release(run, from, release_version, &boards->items[i], error));
    return OSB_OK;
}

static osb_status import_all(import *run, source_order *from, osb_error *error)
{
    ARENA_OWNED memory = {0};
    const source_listing *listings;
    source *opened;
    size_t count;
    TRY(source_order_at(from, 0, &opened, error));
    TRY(source_list(opened, &memory, &listings, &count, error));
    for (size_t i = 0; i < count; i++) {
        if (context_is_cancelled(run->context))
            return osb_fail(error, OSB_ERR_INTERRUPTED, NULL, "run the same command again to go on",
                            "the import was stopped");
        TRY(import_version(run, from, listings[i].version, error));
    }
    return OSB_OK;
}

static osb_status import_source(import *run, const char *url, osb_error *error)
{
    source *opened = NULL;
    const char *const urls[] = {url};
    source_order from = {
        .options = &run->context->net, .urls = urls, .opened = &opened, .count = 1};
    osb_status status = import_all(run, &from, error);
    source_order_close(&from);
    return status;
}

/** A file that failed a check is never passed over in silence. */
static osb_status judge(const import *run, osb_error *error)
{
    if (run->worst == OSB_OK && !json_array_size(run->imported))
        return osb_fail(error, OSB_ERR_NOT_FOUND, run->wanted->sources[0],
                        "name a folder or an archive with files named PLATFORM-part@VERSION.bin",
                        "there is no release to import");
    if (run->worst == OSB_OK || (run->worst == OSB_ERR_REFUSED && json_array_size(run->imported)))
        return OSB_OK;
    if (error)
        *error = run->first;
    return run->worst;
}

osb_status osb_cache_import(osb_context *context, const osb_import *wanted, json_t **result,
                            osb_error *error)
{
    __attribute__((cleanup(import_free))) import run = {
        .context = context, .wanted = wanted, .imported = json_array(), .skipped = json_array()};
    const platform *board;
    *result = NULL;
    for (size_t i = 0; i < wanted->platform_count; i++)
        TRY(context_platform(context, wanted->platforms[i], &board, error));
    for (size_t i = 0; i < wanted->source_count; i++)
        TRY(import_source(&run, wanted->sources[i], error));
    *result = json_pack("{s:s, s:i, s:I, s:I, s:O, s:O}", "type", "osbundle-cache-import", "schema",
                        1, "downloaded_files", (json_int_t)run.files, "downloaded_bytes",
                        (json_int_t)run.bytes, "releases", run.imported, "skipped", run.skipped);
    return *result ? judge(&run, error) : osb_fail_memory(error);
}
