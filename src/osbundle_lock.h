#pragma once
/** The lock that a user holds to. Private to osbundle*.c. */
#include "osbundle_context.h"
#include "trust/lockfile.h"

/** What becomes of the hashes that a lock pins (store/seen.h). */
typedef enum lock_memory {
    LOCK_CHECK, /**< held against those that were seen before */
    LOCK_ADMIT  /**< and remembered */
} lock_memory;

/**
 * Reads a lock that is to be held to. With a trusted key it must be signed, osbundle.lock.minisig
 * beside it; and it must pin what earlier locks pinned for the same release.
 * Errors are those of file_read, context_check_signed_file, lockfile_read and seen_admit_lock.
 * @param memory keeps what the lock points to
 */
osb_status context_read_lock(osb_context *context, const char *path, lock_memory what,
                             arena *memory, lockfile *lock, osb_error *error) OSB_MUST_CHECK;
