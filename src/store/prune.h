#pragma once
/** Removing from the written folder of a cache what is no longer wanted. */
#include "store/inventory.h"

enum {
    PRUNE_NO_AGE = -1,
    PRUNE_NO_SIZE = -1
};

/** Files that stay whatever is asked for, and who says so. */
typedef struct prune_keep {
    const char *by; /**< a lock file, or the journal of a board, in words */
    char version[VERSION_SIZE];
    char platform[32]; /**< this release stays as a whole; "" for both: only the files */
    size_t count;
    const uint8_t (*hashes)[SHA256_SIZE];
} prune_keep;

typedef struct prune_wish {
    /** Whether a release is meant; NULL: all are. */
    bool (*means)(void *context, const stored_release *found);
    bool named;           /**< those that are meant go, whatever their age and size */
    int64_t older_than_s; /**< releases that were not used for so long go; PRUNE_NO_AGE */
    int64_t max_bytes;    /**< then those that were used least recently, until so much is left */
    bool dry_run;         /**< decide, and remove nothing */
    /** Lists what stays; asked once nobody can add to the cache. Shape: `*count` in `memory`. */
    osb_status (*keeps)(void *context, arena *memory, const prune_keep **keeps, size_t *count,
                        osb_error *error);
    void *context;
} prune_wish;

/** What became of a release that was to go. */
typedef struct prune_fate {
    const stored_release *release;
    const char *kept_by; /**< NULL: it went */
} prune_fate;

typedef struct prune_sum {
    size_t files;
    uint64_t bytes;
} prune_sum;

typedef struct prune_report {
    const prune_fate *fates;
    size_t fate_count;
    size_t meant;        /**< releases that `means` named */
    prune_sum objects;   /**< that went */
    prune_sum temporary; /**< beginnings of files that nobody finishes any more; went */
    prune_sum damaged;   /**< that had been set aside; went */
    uint64_t bytes_left; /**< of objects, and of damaged ones */
} prune_report;

/**
 * Removes releases as `wish` says; the objects that no record names any more, and those that none
 * ever named once they are an hour old; and temporary files that nobody writes any more. With an
 * age or a size, also files that were set aside as damaged. Waits until nobody publishes. Cut off
 * at any moment it leaves no record without its objects.
 * @param report what it points to lives in `memory`; after an error it tells nothing
 */
osb_status cache_prune(cache *opened, const prune_wish *wish, arena *memory, prune_report *report,
                       osb_error *error) OSB_MUST_CHECK;
