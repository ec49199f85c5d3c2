#pragma once
/** From the words of a user to what is to be verified. Private to osbundle*.c. */
#include "osbundle_context.h"
#include "trust/lockfile.h"

/** One file to verify: on disk, or a module of a cached release. */
typedef struct target {
    size_t argument;
    const char *path;
    bool inside; /**< found in a folder that was named */
    const osb_error *problem;
    const cached_release *record; /**< NULL: a file on disk */
    size_t place;                 /**< of the module in the record */
} target;

typedef struct target_list {
    osb_context *context;
    const lockfile *lock; /**< what the user holds to; NULL: nothing */
    arena memory;         /**< keeps paths and records */
    buf targets;          /**< of target */
    bool listed;          /**< the cache's records are read only when a word needs them */
    const cached_release *records;
    size_t record_count;
} target_list;

/**
 * Finds the file, the files of the folder, or the modules of the cached release that each word
 * names; without words, the release of the lock, or else everything in the cache. A word that names
 * nothing becomes a problem in its place.
 * @param found context and lock are set, the rest zero; to be freed also after an error
 */
osb_status targets_find(target_list *found, const char *const *words, size_t count,
                        osb_error *error) OSB_MUST_CHECK;

/** Whether a release is what a user's words name for its platform: "5.3" is all 5.3.x. */
bool release_is_named(osb_context *context, const char *words, const char *release_version,
                      const char *platform_name);

static inline size_t target_count(const target_list *found)
{
    return found->targets.size / sizeof(target);
}

static inline const target *target_at(const target_list *found, size_t index)
{
    return (const target *)(const void *)found->targets.data + index;
}

void targets_free(target_list *found);
#define TARGETS_OWNED __attribute__((cleanup(targets_free))) target_list
