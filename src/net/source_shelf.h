#pragma once
/**
 * Release files that lie on this machine, in a folder or an archive, sorted into releases. For the
 * sources that gather them.
 */
#include "net/source_backend.h"

enum {
    SHELF_FILES_MAX = 65536
};

typedef struct shelf_file {
    const char *path; /**< below the root, with slashes */
    uint64_t size;
    span content; /**< where it is in memory already */
} shelf_file;

typedef struct shelf {
    const net_options *options; /**< whose platforms and catalog help with files that are not named
                                     as release files are; both may be missing */
    const char *root;           /**< path of the folder or archive */
    bool in_memory;             /**< contents are given; else they are read below the root */
    const shelf_file *files;
    size_t count;
} shelf;

/** Where a file of the shelf is: "ROOT/PATH", or "ARCHIVE#PATH". */
osb_status shelf_locate(const shelf *self, const shelf_file *file, char *target, size_t capacity,
                        osb_error *error) OSB_MUST_CHECK;

/**
 * What a path says of the version of all that is below it: the last part of it that holds one, as
 * in "5.3.1/p2.zip" or "p2@5.3.1.zip". False where none does.
 */
bool shelf_version_of_path(const char *path, char found[VERSION_SIZE]);

/**
 * The files of one release. A file that is named PLATFORM-PART@VERSION.bin is what its name says;
 * any other module is what its header says, of the release that its old-style name, the folders it
 * lies in, the files beside it or the catalog know it to be from.
 * @return OSB_ERR_NOT_FOUND; OSB_ERR_INTEGRITY when two files that differ have the same name
 */
osb_status shelf_find(const shelf *self, const char *os_version, arena *memory,
                      source_listing *listing, osb_error *error) OSB_MUST_CHECK;

/** As source_list. */
osb_status shelf_list(const shelf *self, arena *memory, const source_listing **listings,
                      size_t *count, osb_error *error) OSB_MUST_CHECK;
