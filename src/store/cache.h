#pragma once
/**
 * The cache: release sets by content. Layout is the contract's section 4 (format, CACHEDIR.TAG,
 * objects/sha256/ab/cdef..., releases/VERSION/PLATFORM.json, tmp/).
 *
 * The first folder of the list is written, the others are read-only layers below it. Bytes are
 * hashed again at every read; a damaged object in the writable layer is moved away, never used.
 */
#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/path.h"
#include "model/release.h"

typedef struct cache cache;

enum {
    CACHE_LAYERS_MAX = 8
};

/** One module of a cached release. */
typedef struct cached_module {
    module_slot slot;
    char file[RELEASE_FILE_NAME];
    uint64_t size;
    uint8_t sha256[SHA256_SIZE];
    char from[512];           /**< URL or path it came from */
    char when[21];            /**< UTC, "2026-11-21T01:30:49Z" */
    char older[VERSION_SIZE]; /**< the release that it was taken from, since this one lacks it; or
                                 "" */
} cached_module;

typedef struct cached_release {
    char version[VERSION_SIZE];
    char platform[32];
    size_t count;
    cached_module modules[RELEASE_MODULES_MAX];
} cached_release;

/**
 * Opens layers from a colon-separated list of folders. Missing folders are fine: the writable one
 * is made at the first write. OSB_ERR_REFUSED when a folder is some other format.
 */
osb_status cache_open(const char *folders, cache **opened, osb_error *error) OSB_MUST_CHECK;
void cache_close(cache *opened);
/** The folder that is written: layer 0. */
const char *cache_root(const cache *opened);
size_t cache_layer_count(const cache *opened);
const char *cache_layer(const cache *opened, size_t layer);

/**
 * Holds the cache while something is published that only its record will name: until `descriptor`
 * is closed (FD_OWNED), nobody removes anything. Any number of processes hold it at once, and one
 * may do so several times. Makes the folder where it is not there yet.
 */
osb_status cache_hold(cache *opened, int *descriptor, osb_error *error) OSB_MUST_CHECK;

/**
 * Publishes bytes under their own hash: temporary file, fsync, rename, fsync of the folder.
 * Publishing what is there already is cheap and harmless, also for many processes at once; a
 * damaged one is kept in damaged/ and replaced.
 */
osb_status cas_publish(cache *opened, span content, uint8_t sha256[SHA256_SIZE],
                       osb_error *error) OSB_MUST_CHECK;

/** As cas_publish, for who has hashed these very bytes already. */
osb_status cas_publish_hashed(cache *opened, span content, const uint8_t sha256[SHA256_SIZE],
                              osb_error *error) OSB_MUST_CHECK;

/**
 * Appends an object to `content` after hashing it again.
 * @return OSB_ERR_NOT_FOUND; OSB_ERR_INTEGRITY when every layer's copy is damaged
 */
osb_status cas_read(cache *opened, const uint8_t sha256[SHA256_SIZE], buf *content,
                    osb_error *error) OSB_MUST_CHECK;

/** Hashes all of `content`; what else it does with it meanwhile is its own. */
typedef void (*cas_hasher)(void *context, span content, uint8_t sha256[SHA256_SIZE]);

/**
 * As cas_read, for who needs the hash of the content anyway: `hasher` says what it is. It is asked
 * for each copy that is found, and the last answer is the one of the copy that is returned.
 */
osb_status cas_read_hashed(cache *opened, const uint8_t sha256[SHA256_SIZE], cas_hasher hasher,
                           void *context, buf *content, osb_error *error) OSB_MUST_CHECK;

/**
 * Hashes one layer's copy, in little memory; from any thread.
 * @param moved whether a damaged one was moved to damaged/
 * @return OSB_ERR_NOT_FOUND; OSB_ERR_INTEGRITY when it is damaged
 */
osb_status cas_check(cache *opened, size_t layer, const uint8_t sha256[SHA256_SIZE], uint64_t *size,
                     bool *moved, osb_error *error) OSB_MUST_CHECK;

/**
 * Where the uppermost sound copy lies, hashed at this moment.
 * @return as cas_read
 */
osb_status cas_locate(cache *opened, const uint8_t sha256[SHA256_SIZE], char path[PATH_SIZE],
                      osb_error *error) OSB_MUST_CHECK;

/** Whether some layer has it; nothing is hashed. */
bool cas_has(const cache *opened, const uint8_t sha256[SHA256_SIZE]);

/**
 * Publishes the record of a release. All its objects must be published before, under one hold of
 * the cache.
 */
osb_status cache_publish_release(cache *opened, const cached_release *record,
                                 osb_error *error) OSB_MUST_CHECK;

/** OSB_ERR_NOT_FOUND when no layer has it. */
osb_status cache_find_release(cache *opened, const char *version, const char *platform_name,
                              cached_release *record, osb_error *error) OSB_MUST_CHECK;

/** Moves a record of the written folder that is still no record to damaged/. False: it stays. */
bool cache_set_record_aside(cache *opened, const char *version, const char *platform_name);

/** Every cached release, oldest version first, then by platform. Shape: `*count` in `memory`. */
osb_status cache_list_releases(cache *opened, arena *memory, const cached_release **records,
                               size_t *count, osb_error *error) OSB_MUST_CHECK;

/**
 * The release as the planner wants it: objects read, hashed once, parsed and checked against their
 * slot. Counts as use of the release (cache prune --older-than).
 */
osb_status cache_load_release(cache *opened, const cached_release *record, const platform *board,
                              release *set, osb_error *error) OSB_MUST_CHECK;
