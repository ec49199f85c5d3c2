#pragma once
/** What the files of this folder share: the list of folders that a cache is made of. */
#include "base/path.h"
#include "store/cache.h"

enum {
    CACHE_LAYERS_MAX = 8,
    CACHE_OBJECT_MAX = MODULE_FILE_MAX /**< nothing larger is kept */
};

struct cache {
    size_t layer_count;
    char layers[CACHE_LAYERS_MAX][PATH_SIZE]; /**< [0] is written, the rest only read */
};

/** Makes the written folder with its format file, where it is not there yet. */
osb_status cache_prepare(cache *opened, osb_error *error) OSB_MUST_CHECK;

/** Takes the lock that publishers of records and makers of the folder hold in turn. */
osb_status cache_lock(cache *opened, int *descriptor, osb_error *error) OSB_MUST_CHECK;

/** The "osbundle-cached-release" object. */
json_t *release_record_to_json(const cached_release *record);

/**
 * Reads a record back and holds it against the names it was found under.
 * OSB_ERR_INTEGRITY naming `subject` for anything that is not such a record.
 */
osb_status release_record_from_json(const json_t *document, const char *subject,
                                    cached_release *record, osb_error *error) OSB_MUST_CHECK;
