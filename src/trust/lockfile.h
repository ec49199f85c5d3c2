#pragma once
/**
 * osbundle.lock: the very files of a release, by hash, for one platform or several. Made once, kept
 * beside the sources of a product, and held against everything that is fetched, verified or flashed
 * later.
 *
 * For each platform a lock is read as a release whose modules are all pinned; an application is one
 * of them.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "model/platform.h"
#include "model/release.h"

enum {
    LOCKFILE_MAX = 256 * 1024 /**< bytes */
};

typedef struct lockfile {
    const release *sets; /**< one a platform, by its name; all of the same version */
    size_t count;        /**< at least 1 */
} lockfile;

/**
 * Reads a lock strictly: a member that is not known, a slot that the board does not have or a value
 * out of bounds is an error, since what is not understood cannot be held to.
 * @param name the file's own, for errors
 * @param memory keeps what the lock points to
 * @return OSB_ERR_INTEGRITY when it is no lock; OSB_ERR_NOT_FOUND when a platform is not known
 */
osb_status lockfile_read(span text, const char *name, const platform_list *platforms, arena *memory,
                         lockfile *lock, osb_error *error) OSB_MUST_CHECK;

/** What it pins for a platform; NULL: nothing. */
const release *lockfile_for(const lockfile *lock, uint16_t platform_id);

/**
 * The "osbundle-lock" document of releases of one version, in any order, no platform twice;
 * json_to_text makes the canonical file of it.
 */
json_t *lockfile_to_json(const release *sets, size_t count);
