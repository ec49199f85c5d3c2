#pragma once
/** What mirrors and kits have in common as sources: their index answers every question. */
#include "net/source_backend.h"
#include "store/release_index.h"

/**
 * The files of one release, for all platforms that the index has it for.
 * @param locate writes where the file of an index entry is; false when that does not fit
 */
osb_status index_find(const release_index *index, source *self, const char *os_version,
                      bool (*locate)(source *self, const index_file *file, char *target,
                                     size_t capacity),
                      arena *memory, source_listing *listing, osb_error *error) OSB_MUST_CHECK;

/** Each version once, newest first. */
osb_status index_list(const release_index *index, arena *memory, const source_listing **listings,
                      size_t *count, osb_error *error) OSB_MUST_CHECK;
