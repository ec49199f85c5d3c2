#pragma once
/** Fetching one platform's set of a release into the cache: find, download, verify, publish. */
#include "net/source.h"
#include "store/cache.h"

typedef struct fetch_result {
    cached_release record;
    release set; /**< the same with the headers of its modules, as cache_load_release gives it */
    size_t downloaded; /**< files that came over the wire; the others were cached */
    uint64_t bytes;
    bool already_cached; /**< nothing had to be asked of any source */
} fetch_result;

/**
 * Makes sure that the set is in the cache. Sources are asked in order: each slot is filled by the
 * first that has a file for it, else from the newest older release (never a system part). Nothing
 * is published unless every module of the set passed every check (trust/verify.h), the sources
 * agree about it and the set is complete.
 * @return OSB_ERR_NOT_FOUND no source has it; OSB_ERR_INTEGRITY a file is not what it claims, or
 *         two sources mean different modules;
 *         OSB_ERR_REFUSED a slot's module is missing (unless `allow_incomplete`) or something
 *         that may never be flashed came under another name; OSB_ERR_NETWORK; OSB_ERR_OFFLINE
 */
osb_status fetch_release(source_order *sources, const char *version, const platform *board,
                         const catalog *known, cache *target, bool allow_incomplete,
                         const fetch_progress *progress, fetch_result *result,
                         osb_error *error) OSB_MUST_CHECK;

/** Whether a listing has a file that fetch_release would take for a board. */
bool fetch_lists_any(const source_listing *listing, const platform *board, const catalog *known);
