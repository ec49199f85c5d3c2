#pragma once
/** What a cache holds, for who takes care of it: nothing is hashed, nothing is changed. */
#include "store/cache.h"

/** An object as its name and the disk tell of it. */
typedef struct stored_object {
    uint8_t sha256[SHA256_SIZE];
    uint64_t size;
    int64_t changed_s; /**< when it was last published, seconds since 1970 */
} stored_object;

/** A module as its record tells of it. */
typedef struct stored_module {
    uint8_t sha256[SHA256_SIZE];
    uint64_t size;
} stored_module;

/** A record in one layer, without what makes records large. */
typedef struct stored_release {
    char version[VERSION_SIZE];
    char platform[32];
    size_t layer;
    bool hidden;    /**< by one of the same name in an upper layer */
    int64_t used_s; /**< when it was last used, to the hour; seconds since 1970 */
    char when[21];  /**< when it was fetched, as in cached_module */
    size_t module_count;
    uint64_t bytes;
    const stored_module *modules;
    const osb_error *problem; /**< why it cannot be read, then it has no modules; NULL: nothing */
} stored_release;

/** A file that is neither object nor record. */
typedef struct stored_file {
    const char *name;
    uint64_t size;
    int64_t written_s; /**< when its content was */
    int64_t moved_s;   /**< when it came there, or anything else about it changed */
} stored_file;

/** The objects of a layer, sorted by hash. Shape: `*count` in `memory`. */
osb_status inventory_objects(const cache *opened, size_t layer, arena *memory,
                             const stored_object **objects, size_t *count,
                             osb_error *error) OSB_MUST_CHECK;

/** NULL when it is not there. */
const stored_object *inventory_find(const stored_object *objects, size_t count,
                                    const uint8_t sha256[SHA256_SIZE]);

/**
 * The records of all layers, oldest version first, then by platform, then the uppermost. What is
 * no record is listed with its problem; OSB_ERR_IO for what the disk does not give.
 */
osb_status inventory_releases(const cache *opened, arena *memory, const stored_release **releases,
                              size_t *count, osb_error *error) OSB_MUST_CHECK;

/** The files of "tmp", "damaged" or "lists" in a layer, sorted by name. */
osb_status inventory_files(const cache *opened, size_t layer, const char *folder, arena *memory,
                           const stored_file **files, size_t *count,
                           osb_error *error) OSB_MUST_CHECK;
