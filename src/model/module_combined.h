#pragma once
/**
 * Several modules in one file: each but the last carries MODULE_COMBINED and the next begins right
 * behind its CRC-32. Boards from Device OS 2.0.0 on take them in one update.
 */
#include "base/arena.h"
#include "model/module.h"

enum {
    MODULE_COMBINED_MAX = 16,    /**< modules that a file is split into */
    MODULE_COMBINED_BY_BOARD = 2 /**< a board applies no more (Device OS ota_flash_hal.cpp) */
};

/**
 * Splits a file into its modules; one that is not combined gives itself.
 * Shape: `*count` modules in `memory`, in the file's order, each sliced by its own extent. What
 * stands behind the last one is in its `file` alone.
 * @return OSB_ERR_INTEGRITY when a module promises a next one that is not there or is damaged;
 *         OSB_ERR_REFUSED for more than MODULE_COMBINED_MAX; else as module_parse
 */
osb_status module_split(span file, const char *name, arena *memory, const module **modules,
                        size_t *count, osb_error *error) OSB_MUST_CHECK;

/** Appends one module so that it stands for itself: without the flag, its digests made anew. */
osb_status module_write_single(const module *parsed, const char *name, buf *file,
                               osb_error *error) OSB_MUST_CHECK;

/**
 * Appends several modules as one combined file. Flags and digests are made anew where they change.
 * @return OSB_ERR_USAGE for none or too many
 */
osb_status module_combine(const module *modules, size_t count, buf *file,
                          osb_error *error) OSB_MUST_CHECK;
