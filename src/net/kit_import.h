#pragma once
/** Taking a kit into the cache: all of it, or nothing that counts. */
#include "net/kit_check.h"
#include "store/cache.h"

typedef struct kit_import_options {
    const kit_judge *judge;
    cache *target;
    const char *folder; /**< locks and applications are also written there; NULL: they are not */
    bool (*cancelled)(void *context); /**< asked between contents; NULL: never */
    void *cancelled_context;
} kit_import_options;

/**
 * Checks the kit from beginning to end, and only then publishes its contents, and its releases
 * last.
 * @param opened a kit that was just opened; it is used up
 * @return errors of kit_check; OSB_ERR_INTEGRITY also when the cache holds another file for a slot
 *         of one of the releases; OSB_ERR_REFUSED when another file has the name of a lock or
 *         application in `folder`; OSB_ERR_INTERRUPTED
 */
osb_status kit_import(const char *path, kit *opened, const kit_import_options *wanted,
                      osb_error *error) OSB_MUST_CHECK;
