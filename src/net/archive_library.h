#pragma once
/** libarchive, opened when the first archive is. */
#include <archive.h>
#include <archive_entry.h>

#include "base/library.h"

/* clang-format off */
#define ARCHIVE_FUNCTIONS(each)                                                                    \
    each(archive_entry_filetype)                                                                   \
    each(archive_entry_hardlink)                                                                   \
    each(archive_entry_is_encrypted)                                                               \
    each(archive_entry_pathname_utf8)                                                              \
    each(archive_entry_size)                                                                       \
    each(archive_entry_size_is_set)                                                                \
    each(archive_error_string)                                                                     \
    each(archive_format_name)                                                                      \
    each(archive_read_data)                                                                        \
    each(archive_read_free)                                                                        \
    each(archive_read_new)                                                                         \
    each(archive_read_next_header)                                                                 \
    each(archive_read_open_filename)                                                               \
    each(archive_read_open_memory)                                                                 \
    each(archive_read_set_format_option)                                                           \
    each(archive_read_support_filter_bzip2)                                                        \
    each(archive_read_support_filter_gzip)                                                         \
    each(archive_read_support_filter_xz)                                                           \
    each(archive_read_support_filter_zstd)                                                         \
    each(archive_read_support_format_tar)                                                          \
    each(archive_read_support_format_zip_seekable)
/* clang-format on */

/** Its functions, under their own names. */
typedef struct archive_library {
    ARCHIVE_FUNCTIONS(LIBRARY_MEMBER)
} archive_library;

osb_status archive_library_open(archive_library *archive, osb_error *error) OSB_MUST_CHECK;
