#pragma once
/**
 * Archives from anybody, read into memory. Nothing is ever written to disk, and no entry of an
 * archive decides where anything goes: names are data for who asked.
 */
#include "base/arena.h"
#include "base/error.h"
#include "model/bundle.h"

enum {
    ARCHIVE_ENTRIES_MAX = 1024,              /**< files and folders in one archive */
    ARCHIVE_FILE_MAX = MODULE_FILE_MAX,      /**< bytes of one file, unpacked */
    ARCHIVE_TOTAL_MAX = 4 * MODULE_FILE_MAX, /**< bytes of all files together, unpacked */
    ARCHIVE_PACKED_MAX = ARCHIVE_TOTAL_MAX,  /**< bytes of the archive itself */
    ARCHIVE_NAME_MAX = 1000                  /**< bytes of one path */
};

/**
 * Unpacks the regular files of a .zip; folders in it are passed over.
 * Shape: `*count` files in `memory`, in the archive's order, names with slashes, each once.
 * @param name the archive's own, for errors
 * @return OSB_ERR_INTEGRITY when it is no .zip, or damaged, encrypted, or packed in another way
 *         than stored or Deflate; OSB_ERR_REFUSED when a limit above is passed (unpacking stops
 *         there), for links and devices, for names that are absolute, lead upwards or are not
 *         plain, and for a name that stands there twice
 */
osb_status archive_unpack_zip(span packed, const char *name, arena *memory,
                              const bundle_file **files, size_t *count,
                              osb_error *error) OSB_MUST_CHECK;
