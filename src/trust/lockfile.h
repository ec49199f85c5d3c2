#pragma once
/**
 * osbundle.lock: the very files of a release for one platform, by hash. Made once, kept beside the
 * sources of a product, and held against everything that is fetched, verified or flashed later.
 *
 * A lock is read as a release whose modules are all pinned; an application is one of them.
 */
#include "base/buf.h"
#include "base/json.h"
#include "model/platform.h"
#include "model/release.h"

enum {
    LOCKFILE_MAX = 256 * 1024 /**< bytes */
};

/**
 * Reads a lock strictly: a member that is not known, a slot that the board does not have or a value
 * out of bounds is an error, since what is not understood cannot be held to.
 * @param name the file's own, for errors
 * @return OSB_ERR_INTEGRITY when it is no lock; OSB_ERR_NOT_FOUND when its platform is not known
 */
osb_status lockfile_read(span text, const char *name, const platform_list *platforms, release *lock,
                         osb_error *error) OSB_MUST_CHECK;

/** The "osbundle-lock" document; json_to_text makes the canonical file of it. */
json_t *lockfile_to_json(const release *lock);
