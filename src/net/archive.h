#pragma once
/**
 * Archives from anybody, read into memory. Nothing is ever written to disk, and no entry of an
 * archive decides where anything goes: names are data for who asked.
 */
#include "base/arena.h"
#include "base/error.h"
#include "model/bundle.h"

enum {
    ARCHIVE_ENTRIES_MAX = 1024,              /**< files and folders in a bundle */
    ARCHIVE_FILE_MAX = MODULE_FILE_MAX,      /**< bytes of one file, unpacked */
    ARCHIVE_TOTAL_MAX = 4 * MODULE_FILE_MAX, /**< bytes of all files together, unpacked */
    ARCHIVE_PACKED_MAX = ARCHIVE_TOTAL_MAX,  /**< bytes of a bundle itself */
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

/** Whether a file is called as archives are that archive_unpack_wanted reads. */
bool archive_is_named(const char *path);

/**
 * Unpacks, from an archive of releases on disk, the files that are wanted: a .zip, or a .tar, plain
 * or packed with gzip, bzip2, xz or zstd. They are far larger than what is wanted of them, so the
 * rest is passed over, links and devices too. Limits: 65536 entries, 4 GB to read through, and of
 * what is wanted 16 MB a file and 256 MB in all.
 * Shape and errors: as archive_unpack_zip.
 * @param wants whether the file at a path is wanted
 */
osb_status archive_unpack_wanted(const char *path, bool (*wants)(const char *path), arena *memory,
                                 const bundle_file **files, size_t *count,
                                 osb_error *error) OSB_MUST_CHECK;
