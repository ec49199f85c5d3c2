#pragma once
/** Whether what a kit holds is what its index says: each content by each of its uses. */
#include "model/platform.h"
#include "model/release.h"
#include "net/kit.h"
#include "trust/lockfile.h"

/** What contents are held against. */
typedef struct kit_judge {
    const platform_list *platforms;
    const catalog *known;
    bool allow_incomplete; /**< releases that lack a module will do */
} kit_judge;

/** Asked for every content that was found good; ends the check with its error. */
typedef struct kit_visitor {
    osb_status (*visit)(void *context, const index_file *object, span content, osb_error *error);
    void *context;
} kit_visitor;

/**
 * Goes through the contents of a kit that was just opened.
 * - Modules pass every check of trust/verify.h against slot, platform, name and catalog.
 * - A lock pins nothing that the kit has otherwise, or not at all.
 * - Applications are sound, platform manifests can be read.
 * @param visitor may be NULL
 * @return OSB_ERR_NOT_FOUND for a platform that is not known here; OSB_ERR_REFUSED for a release
 *         that lacks a module; OSB_ERR_INTEGRITY
 */
osb_status kit_check(kit *opened, const kit_judge *judge, const kit_visitor *visitor,
                     osb_error *error) OSB_MUST_CHECK;

/**
 * Whether an index has everything that a lock pins.
 * @param name the lock's own, for errors
 * @return OSB_ERR_INTEGRITY naming the first file that it has otherwise, or not at all
 */
osb_status kit_check_lock(const release_index *index, const lockfile *lock, const char *name,
                          osb_error *error) OSB_MUST_CHECK;
