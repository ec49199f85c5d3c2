#pragma once
/**
 * The index of releases that travel: which files make up each of them, by size and SHA-256. It
 * heads a kit (one file, net/kit.h) and a mirror (a folder, mirror.h). Both keep the files under
 * the names that they have in a cache, objects/sha256/ab/cdef..., so that one hash tells all there
 * is to check.
 */
#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "model/module.h"
#include "store/cache.h"

enum {
    INDEX_TEXT_MAX = 4 * 1024 * 1024, /**< bytes of index.json */
    INDEX_ENTRIES_MAX = 16 * 1024,    /**< releases, and files of each further kind */
    INDEX_VERSION_MAX = 1000000000,
    OBJECT_NAME_SIZE = 81 /**< "objects/sha256/ab/cdef..." with NUL */
};

#define INDEX_NAME           "index.json"
#define INDEX_SIGNATURE_NAME INDEX_NAME ".minisig"

typedef enum index_role {
    INDEX_BUNDLE, /**< of a kit, which never changes */
    INDEX_MIRROR  /**< of a mirror: each has a higher version than the one before */
} index_role;

/** What travels beside the modules of releases. */
typedef enum index_kind {
    INDEX_PLATFORM,    /**< a platform manifest, "p2.json" */
    INDEX_LOCK,        /**< a lock file */
    INDEX_SIGNATURE,   /**< of a lock, called as it is with .minisig behind */
    INDEX_APPLICATION, /**< a module or an application bundle */
    INDEX_KINDS
} index_kind;

typedef struct index_file {
    const char *name; /**< a plain file name */
    uint64_t size;    /**< 1 to MODULE_FILE_MAX */
    uint8_t sha256[SHA256_SIZE];
} index_file;

typedef struct index_module {
    module_slot slot;
    index_file file;
    const char *older; /**< the release that it was taken from, as in cached_module; or empty */
} index_module;

typedef struct index_release {
    const char *version, *platform;
    size_t count;
    const index_module *modules; /**< ordered by slot */
} index_release;

/** Everything that it points to lives in its memory. */
typedef struct release_index {
    arena memory;
    index_role role;
    uint32_t version; /**< of a mirror's index, from 1; 0 for a kit's */
    size_t release_count;
    index_release *releases; /**< ordered by version, then platform */
    size_t file_count[INDEX_KINDS];
    index_file *files[INDEX_KINDS]; /**< ordered by name */
} release_index;

void release_index_free(release_index *index);
#define RELEASE_INDEX_OWNED __attribute__((cleanup(release_index_free))) release_index

/** Adds a release, or puts it in the place of the one of that name. */
osb_status release_index_add(release_index *index, const cached_release *record,
                             osb_error *error) OSB_MUST_CHECK;

/** Adds a file, unless it is there. OSB_ERR_USAGE when another one has its name. */
osb_status release_index_add_file(release_index *index, index_kind kind, const index_file *file,
                                  osb_error *error) OSB_MUST_CHECK;

/** NULL when it is not listed. */
const index_release *release_index_find(const release_index *index, const char *version,
                                        const char *platform_name);

/** As a record for the cache; where from and when are `from` and `when`. */
void index_release_to_record(const index_release *listed, const char *from, const char *when,
                             cached_release *record);

/**
 * Every content that is listed, once, ordered by hash. Shape: `*count` in `memory`.
 * @return OSB_ERR_INTEGRITY when one hash is listed with two sizes
 */
osb_status release_index_objects(const release_index *index, arena *memory,
                                 const index_file **objects, size_t *count,
                                 osb_error *error) OSB_MUST_CHECK;

/** "objects/sha256/ab/cdef...". */
void object_name(const uint8_t sha256[SHA256_SIZE], char target[OBJECT_NAME_SIZE]);

/** The canonical text: the same index gives the same bytes. */
osb_status release_index_to_text(const release_index *index, buf *text,
                                 osb_error *error) OSB_MUST_CHECK;

/**
 * Reads an index strictly: a member that is not known, a name that is not plain, something twice,
 * or a value out of bounds is an error.
 * @param subject for errors
 * @return OSB_ERR_INTEGRITY for anything that is no such index
 */
osb_status release_index_read(span text, const char *subject, release_index *index,
                              osb_error *error) OSB_MUST_CHECK;

/** "platforms", "locks", "signatures", "applications". */
const char *index_kind_name(index_kind kind);
