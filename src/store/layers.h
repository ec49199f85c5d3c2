#pragma once
/** What the files of this folder share: the list of folders that a cache is made of, and paths. */
#include <sys/types.h>

#include "base/path.h"
#include "store/cache.h"

enum {
    CACHE_OBJECT_MAX = MODULE_FILE_MAX, /**< nothing larger is kept */
    RECORD_SIZE_MAX = 256 * 1024
};

struct cache {
    size_t layer_count;
    char layers[CACHE_LAYERS_MAX][PATH_SIZE]; /**< [0] is written, the rest only read */
};

/** Makes the written folder with its format file, where it is not there yet. */
osb_status cache_prepare(cache *opened, osb_error *error) OSB_MUST_CHECK;

/** Waits until nobody holds the cache, and lets nobody hold it until `descriptor` is closed. */
osb_status cache_lock(cache *opened, int *descriptor, osb_error *error) OSB_MUST_CHECK;
/** As cache_lock, but OSB_ERR_BUSY at once. */
osb_status cache_lock_try(cache *opened, int *descriptor, osb_error *error) OSB_MUST_CHECK;

/** The "osbundle-cached-release" object. */
json_t *release_record_to_json(const cached_release *record);

/**
 * Reads a record back and holds it against the names it was found under.
 * OSB_ERR_INTEGRITY naming `subject` for anything that is not such a record.
 */
osb_status release_record_from_json(const json_t *document, const char *subject,
                                    cached_release *record, osb_error *error) OSB_MUST_CHECK;

/** Path of an object in a layer. */
osb_status object_path(char target[PATH_SIZE], const char *layer, const uint8_t sha256[SHA256_SIZE],
                       osb_error *error) OSB_MUST_CHECK;

/** Path of a record in a layer. */
osb_status record_path(char target[PATH_SIZE], const char *layer, const char *version,
                       const char *platform_name, osb_error *error) OSB_MUST_CHECK;

/** Reads the record that lies at `path`. OSB_ERR_INTEGRITY when it is another's, or none. */
osb_status record_read(const char *path, const char *version, const char *platform_name,
                       cached_release *record, osb_error *error) OSB_MUST_CHECK;

/** Keeps in the record's time of change that the release was used, where it can be written. */
void cache_note_use(const cache *opened, const cached_release *record);

/** Where a record was seen, before it is read. */
typedef struct record_sighting {
    char version[VERSION_SIZE];
    char platform[32];
    size_t layer;
} record_sighting;

/** Appends a record_sighting for each record of a layer, in no order that means anything. */
osb_status records_see(const cache *opened, size_t layer, buf *sightings,
                       osb_error *error) OSB_MUST_CHECK;

/** Oldest version first, then by platform, then the uppermost layer: for qsort. */
int record_sighting_compare(const void *a, const void *b);

/**
 * Puts a whole file at `target` in the written folder: under a new name in tmp/, synced, renamed,
 * and the folder synced. Whoever calls it holds the cache (cache_hold).
 */
osb_status put_in_place(const cache *opened, span content, mode_t mode, const char *target,
                        osb_error *error) OSB_MUST_CHECK;

/** Path of damaged/NAME in the written folder, whose folder is made. */
osb_status damaged_path(char target[PATH_SIZE], const cache *opened, const char *name,
                        osb_error *error) OSB_MUST_CHECK;
