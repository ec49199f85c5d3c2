#pragma once
/** What prune.c decides with and prune_remove.c carries out. */
#include "store/prune.h"

/** What speaks for an object, beside its age. */
typedef struct object_fate {
    uint32_t names; /**< how many of the records that stay name it */
    bool was_named; /**< by a record that goes, too */
    bool spared;    /**< by a keep */
} object_fate;

typedef struct prune_work {
    cache *opened;
    const prune_wish *wish;
    arena *memory;
    prune_report *report;
    int64_t now_s;
    const stored_release *releases;
    size_t release_count;
    bool *condemned; /**< of each release: has a fate */
    const stored_object *objects;
    size_t object_count;
    object_fate *object_fates;
    const prune_keep *keeps;
    size_t keep_count;
    prune_fate *fates;
    size_t fate_count;
    size_t meant;
    uint64_t damaged_bytes; /**< of all that was set aside */
    bool damage_goes;
} prune_work;

/** Each of these adds to the report, and on a dry run does nothing else. */
osb_status prune_remove_record(const prune_work *work, const stored_release *record,
                               osb_error *error) OSB_MUST_CHECK;
/** Takes an object's youth, which protects it; one that is published again is young again. */
void prune_make_old(const prune_work *work, const stored_object *object);
osb_status prune_remove_object(const prune_work *work, const stored_object *object,
                               osb_error *error) OSB_MUST_CHECK;
/** Those of the files in a folder that `unwanted` says, and that nobody is writing. */
osb_status prune_remove_files(const prune_work *work, const char *folder,
                              bool (*unwanted)(const prune_work *work, const stored_file *file),
                              prune_sum *sum, osb_error *error) OSB_MUST_CHECK;
