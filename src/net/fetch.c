/*
 * Fetching a set: found, chosen, downloaded, verified in memory, and only then published.
 *
 * Sources move bytes (source.h), checks are trust's, the disk is the store's. Invariant: a release
 * record comes to be only after every module of a complete set passed every check, and no object is
 * published before the last check has passed.
 */
#include "net/fetch.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "net/fetch_private.h"
#include "store/received.h"
#include "trust/verify.h"

static bool record_has(const void *record, module_slot slot)
{
    const cached_release *cached = record;
    for (size_t i = 0; i < cached->count; i++)
        if (slot_equal(cached->modules[i].slot, slot))
            return true;
    return false;
}

/** Whether no module of a cached set is another than the catalog pins. */
static bool keeps_pins(const fetch_job *job, const release *cached)
{
    for (size_t i = 0; job->cataloged && i < cached->module_count; i++) {
        const release_module *entry = &cached->modules[i];
        const release_module *known = release_find(job->cataloged, entry->slot);
        if (known && known->pinned && memcmp(known->sha256, entry->sha256, SHA256_SIZE) != 0)
            return false;
    }
    return true;
}

/**
 * Whether the cache holds the set, sound and complete. Damage of any kind is an answer too: no.
 * The set is then fetched again, which repairs it.
 */
static bool is_cached(const fetch_job *job, fetch_result *result)
{
    cached_release *record = &result->record;
    if (cache_find_release(job->target, job->version, job->board->name, record, NULL) != OSB_OK)
        return false;
    if (!job->allow_incomplete &&
        fetch_first_missing(job->board, job->cataloged, record_has, record))
        return false;
    return cache_load_release(job->target, record, job->board, &result->set, NULL) == OSB_OK &&
           keeps_pins(job, &result->set);
}

/** The name of the file that would fill a slot: the catalog's, else made up by the rule. */
static void expected_name(const fetch_job *job, const platform_slot *place,
                          char target[RELEASE_FILE_NAME])
{
    const release_module *known = job->cataloged ? release_find(job->cataloged, place->slot) : NULL;
    if (known)
        text_copy(target, RELEASE_FILE_NAME, known->file);
    else
        text_format(target, RELEASE_FILE_NAME, "%s-%s@%s.bin", job->board->name, place->name,
                    job->version);
}

static osb_status check_complete(const fetch_job *job, const fetch_set *set, osb_error *error)
{
    char slot[MODULE_SLOT_TEXT], name[RELEASE_FILE_NAME];
    const char *url = source_url(job->offers->from);
    const char *others = job->offer_count > 1 ? " or any other source" : "";
    if (!set->count)
        return osb_fail(error, OSB_ERR_NOT_FOUND, job->version,
                        "check the platform, or use another source", "has nothing for %s at %s%s",
                        job->board->name, url, others);
    const platform_slot *missing =
        fetch_first_missing(job->board, job->cataloged, fetch_set_has, set);
    if (!missing || job->allow_incomplete)
        return OSB_OK;
    slot_text(missing->slot, slot);
    expected_name(job, missing, name);
    return osb_fail(error, OSB_ERR_REFUSED, job->version,
                    "use another source, or take what there is with --allow-incomplete",
                    "%s for %s is missing: no %s at %s%s", slot, job->board->name, name, url,
                    others);
}

/** What the listing itself gives away, before a byte is downloaded. */
static osb_status check_listed(const fetch_item *item, osb_error *error)
{
    const source_file *file = item->file;
    if (file->size > MODULE_FILE_MAX)
        return osb_fail(error, OSB_ERR_INTEGRITY, file->name, "do not use that source",
                        "%" PRIu64 " bytes are more than any module has", file->size);
    if (file->has_sha256 && item->cataloged && item->cataloged->pinned &&
        memcmp(file->sha256, item->cataloged->sha256, SHA256_SIZE) != 0)
        return osb_fail(error, OSB_ERR_INTEGRITY, file->name, "do not use that source",
                        "the source publishes another SHA-256 than the one that is pinned here");
    return OSB_OK;
}

/** What the content has to be; NULL where neither the source nor the catalog says. */
static const uint8_t *known_digest(const fetch_item *item)
{
    if (item->file->has_sha256)
        return item->file->sha256;
    return item->cataloged && item->cataloged->pinned ? item->cataloged->sha256 : NULL;
}

/** Takes the content from the cache where its hash is known and it is there, sound. */
static void take_cached(const fetch_job *job, fetch_item *item)
{
    const uint8_t *digest = known_digest(item);
    item->cached = digest && cas_has(job->target, digest) &&
                   cas_read(job->target, digest, &item->content, NULL) == OSB_OK;
}

/** Downloads some items. The contents travel in the queue and come back in any case. */
static osb_status download_items(const fetch_job *job, source *from, fetch_item *const *items,
                                 size_t count, osb_error *error)
{
    download queue[RELEASE_MODULES_MAX];
    for (size_t i = 0; i < count; i++) {
        buf_free(&items[i]->content);
        queue[i] = (download){
            .file = items[i]->file, .sha256 = known_digest(items[i]), .content = items[i]->content};
    }
    osb_status status = source_download(from, queue, count, job->progress, error);
    for (size_t i = 0; i < count; i++) {
        items[i]->content = queue[i].content;
        items[i]->resumed = queue[i].resumed;
        items[i]->absent = queue[i].absent;
    }
    return status;
}

/** Downloads what a source has of what is not cached. */
static osb_status download_from(const fetch_job *job, source *from, fetch_set *set,
                                fetch_result *result, osb_error *error)
{
    fetch_item *queued[RELEASE_MODULES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++)
        if (!set->items[i].cached && set->items[i].from == from)
            queued[count++] = &set->items[i];
    osb_status status = download_items(job, from, queued, count, error);
    for (size_t i = 0; i < count; i++)
        result->bytes += queued[i]->content.size;
    result->downloaded += count;
    return status;
}

/** From one source after the other. `failed` is the one that did not deliver. */
static osb_status download_rest(const fetch_job *job, fetch_set *set, fetch_result *result,
                                const source **failed, osb_error *error)
{
    for (size_t i = 0; i < job->sources->count; i++) {
        source *from = job->sources->opened[i];
        *failed = from;
        if (from)
            TRY(download_from(job, from, set, result, error));
    }
    *failed = NULL;
    return OSB_OK;
}

static osb_status broken_promise(const source_file *file, const char *what, osb_error *error)
{
    return osb_fail(error, OSB_ERR_INTEGRITY, file->name, "do not use that source",
                    "%s of the module is not what the source says of it", what);
}

static osb_status check_promise(const source_file *file, const module *arrived, osb_error *error)
{
    const source_promise *promise = &file->promise;
    if (promise->has_crc32 && promise->crc32 != arrived->crc_computed)
        return broken_promise(file, "the CRC-32", error);
    if (promise->has_identity && memcmp(promise->identity, arrived->sha256, SHA256_SIZE) != 0)
        return broken_promise(file, "the SHA-256 in the suffix", error);
    if (!promise->has_header)
        return OSB_OK;
    if (promise->platform_id != arrived->platform_id)
        return broken_promise(file, "the platform", error);
    if (!slot_equal(promise->slot, arrived->slot))
        return broken_promise(file, "the function or index", error);
    if (promise->version != arrived->version)
        return broken_promise(file, "the number", error);
    for (size_t i = 0; i < 2; i++)
        if (!slot_equal(promise->dependencies[i].slot, arrived->dependencies[i].slot) ||
            promise->dependencies[i].version != arrived->dependencies[i].version)
            return broken_promise(file, "a dependency", error);
    return OSB_OK;
}

static osb_status verify_item(const fetch_job *job, fetch_item *item, osb_error *error)
{
    const source_file *file = item->file;
    verify_expectation expected = {.file_name = file->name,
                                   .published_size = file->size,
                                   .published_sha256 = file->has_sha256 ? file->sha256 : NULL,
                                   .board = job->board,
                                   .slot = &item->place->slot,
                                   .cataloged = item->cataloged};
    verify_report report;
    TRY(verify_file(buf_span(&item->content), &expected, &report, error));
    TRY(check_promise(file, &report.parsed, error));
    item->crc32 = report.parsed.crc_computed;
    release_module_from(&item->loaded, &report.parsed, file->name, report.sha256);
    return OSB_OK;
}

/** A file put together from parts of two runs gets a second chance, as a whole. */
static osb_status verify_or_repeat(const fetch_job *job, fetch_item *item, osb_error *error)
{
    osb_status status = verify_item(job, item, error);
    if (status == OSB_OK)
        return OSB_OK;
    received_part_remove(job->target, item->file->location);
    if (!item->resumed)
        return status;
    TRY(download_items(job, item->from, &item, 1, error));
    status = verify_item(job, item, error);
    if (status != OSB_OK)
        received_part_remove(job->target, item->file->location);
    return status;
}

/** Of what is published, or comes from elsewhere now. */
static void remove_parts(const fetch_job *job, const fetch_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        received_part_remove(job->target, set->items[i].file->location);
}

static void record_item(const fetch_item *item, cached_release *record)
{
    cached_module *entry = &record->modules[record->count++];
    *entry = (cached_module){.slot = item->place->slot, .size = item->content.size};
    memcpy(entry->sha256, item->loaded.sha256, SHA256_SIZE);
    text_copy(entry->file, sizeof entry->file, item->file->name);
    if (!text_format(entry->from, sizeof entry->from, "%s", item->file->location))
        text_copy(entry->from, sizeof entry->from, source_url(item->from));
    if (item->older)
        text_copy(entry->older, sizeof entry->older, item->older);
    clock_utc_text(-1, entry->when);
}

/** Objects first, the record last. Nobody removes the objects before the record names them. */
static osb_status publish(const fetch_job *job, const fetch_set *set, fetch_result *result,
                          osb_error *error)
{
    FD_OWNED hold = -1;
    cached_release *record = &result->record;
    *record = (cached_release){0};
    result->set = (release){.board = job->board};
    text_copy(record->version, sizeof record->version, job->version);
    text_copy(record->platform, sizeof record->platform, job->board->name);
    text_copy(result->set.version, sizeof result->set.version, job->version);
    TRY(cache_hold(job->target, &hold, error));
    for (size_t i = 0; i < set->count; i++) {
        const fetch_item *item = &set->items[i];
        TRY(cas_publish_hashed(job->target, buf_span(&item->content), item->loaded.sha256, error));
        record_item(item, record);
        result->set.modules[result->set.module_count++] = item->loaded;
    }
    return cache_publish_release(job->target, record, error);
}

/** Chooses among the offers that stand, in the order of the sources, and completes the set. */
static osb_status choose(const fetch_job *job, fetch_set *set, osb_error *error)
{
    fetch_set_free(set);
    for (size_t i = 0; i < job->offer_count; i++)
        if (!job->offers[i].withdrawn)
            fetch_set_add(set, job->board, job->offers[i].from, &job->offers[i].listing,
                          job->cataloged);
    TRY(fetch_from_older(job, set, error));
    TRY(check_complete(job, set, error));
    for (size_t i = 0; i < set->count; i++)
        TRY(check_listed(&set->items[i], error));
    for (size_t i = 0; i < set->count; i++)
        take_cached(job, &set->items[i]);
    return OSB_OK;
}

/** Does without the source that failed; false where no other can stand in for it. */
static bool withdraw(const fetch_job *job, const source *failed)
{
    bool others = false, found = false;
    for (size_t i = 0; i < job->offer_count; i++) {
        fetch_offer *offer = &job->offers[i];
        found = found || (offer->from == failed && !offer->withdrawn);
        others = others || (offer->from != failed && !offer->withdrawn);
    }
    for (size_t i = 0; found && others && i < job->offer_count; i++)
        if (job->offers[i].from == failed)
            job->offers[i].withdrawn = true;
    return found && others;
}

/** Notes what was offered by guess and is not there. */
static osb_status note_absent(fetch_job *job, const fetch_set *set, bool *any, osb_error *error)
{
    *any = false;
    for (size_t i = 0; i < set->count; i++)
        if (set->items[i].absent) {
            *any = true;
            TRY(fetch_note_absent(job, set->items[i].file, error));
        }
    return OSB_OK;
}

/** Chooses and downloads; once more without what turns out not to be there, file or source. */
static osb_status obtain(fetch_job *job, fetch_set *set, fetch_result *result, osb_error *error)
{
    for (;;) {
        osb_error problem = {0};
        const source *failed;
        bool any_absent = false;
        TRY(choose(job, set, error));
        osb_status status = download_rest(job, set, result, &failed, &problem);
        if (status == OSB_OK)
            TRY(note_absent(job, set, &any_absent, error));
        if (status == OSB_OK && !any_absent)
            return OSB_OK;
        if (any_absent)
            continue;
        if (!fetch_goes_on_after(status) || !withdraw(job, failed)) {
            if (error)
                *error = problem;
            return status;
        }
        remove_parts(job, set);
        fetch_tell_passed_over(job, source_url(failed), &problem);
    }
}

static osb_status fetch_offered(fetch_job *job, fetch_result *result, osb_error *error)
{
    FETCH_SET_OWNED set = {0};
    TRY(obtain(job, &set, result, error));
    for (size_t i = 0; i < set.count; i++)
        TRY(verify_or_repeat(job, &set.items[i], error));
    TRY(fetch_check_older(job, &set, error));
    TRY(fetch_agree(job, &set, error));
    TRY(publish(job, &set, result, error));
    remove_parts(job, &set);
    return OSB_OK;
}

/** A set that is pinned as a whole needs no listing. `asks`: it could not be had that way. */
static osb_status fetch_unasked(fetch_job *job, fetch_result *result, bool *asks, osb_error *error)
{
    bool offered;
    osb_error problem = {0};
    *asks = false;
    TRY(fetch_offer_pinned(job, &offered, error));
    osb_status status = offered ? fetch_offered(job, result, &problem) : OSB_ERR_NOT_FOUND;
    bool is_down = status == OSB_ERR_NETWORK && job->sources->count == 1;
    *asks = fetch_goes_on_after(status) && !is_down;
    if (status != OSB_OK && error)
        *error = problem;
    *result = status == OSB_OK ? *result : (fetch_result){0};
    job->offer_count = status == OSB_OK ? job->offer_count : 0;
    return status;
}

osb_status fetch_release(source_order *sources, const char *os_version, const platform *board,
                         const catalog *known, cache *target, bool allow_incomplete,
                         const fetch_progress *progress, fetch_result *result, osb_error *error)
{
    ARENA_OWNED memory = {0};
    release cataloged;
    bool asks;
    bool is_known = known && catalog_release(known, os_version, board, &cataloged, NULL) == OSB_OK;
    fetch_job job = {.version = os_version,
                     .board = board,
                     .cataloged = is_known ? &cataloged : NULL,
                     .known = known,
                     .target = target,
                     .allow_incomplete = allow_incomplete,
                     .progress = progress,
                     .sources = sources,
                     .memory = &memory};
    *result = (fetch_result){0};
    result->already_cached = is_cached(&job, result);
    if (result->already_cached)
        return OSB_OK;
    osb_status status = fetch_unasked(&job, result, &asks, error);
    if (!asks)
        return status;
    TRY(fetch_ask(&job, error));
    return fetch_offered(&job, result, error);
}
