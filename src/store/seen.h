#pragma once
/**
 * What was seen before, in STATE/seen.json: so that nobody can give out an old index of a mirror as
 * the newest, or another file under the name of a release that a lock once pinned. It lives in the
 * state folder: wiping the cache forgets nothing.
 *
 * A file that is damaged is an error, and never begun anew by itself. Any process, any thread.
 */
#include "base/error.h"
#include "model/release.h"

/**
 * Admits an index of a mirror, whose signature holds, and remembers its version.
 * @param state the state folder; made when missing
 * @param mirror its URL, without user and password
 * @param key_id of the key that signed the index: "664ABD2C55CC63F9"
 * @return OSB_ERR_INTEGRITY when a newer one, signed by that key, was seen there
 */
osb_status seen_admit_index(const char *state, const char *mirror, const char *key_id,
                            uint32_t version, osb_error *error) OSB_MUST_CHECK;

/** As seen_admit_index, but remembers nothing: for who only looks. */
osb_status seen_check_index(const char *state, const char *mirror, const char *key_id,
                            uint32_t version, osb_error *error) OSB_MUST_CHECK;

/**
 * Admits what a lock pins, and remembers the hash of each module of a release. Applications are
 * passed over: their numbers are the user's own, and new builds the rule.
 * @param pinned the lock's releases, one a platform
 * @param name of the lock, for errors
 * @return OSB_ERR_INTEGRITY when another hash was seen for one of them
 */
osb_status seen_admit_lock(const char *state, const release *pinned, size_t count, const char *name,
                           osb_error *error) OSB_MUST_CHECK;

/** As seen_admit_lock, but remembers nothing. */
osb_status seen_check_lock(const char *state, const release *pinned, size_t count, const char *name,
                           osb_error *error) OSB_MUST_CHECK;
