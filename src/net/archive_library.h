#pragma once
/** libarchive, opened when the first archive is. */
#include <archive.h>
#include <archive_entry.h>

#include "base/library.h"

/* clang-format off */
#define ARCHIVE_FUNCTIONS(each)                                                                    \
    each(archive_entry_filetype)                                                                   \
    each(archive_entry_free)                                                                       \
    each(archive_entry_hardlink)                                                                   \
    each(archive_entry_is_encrypted)                                                               \
    each(archive_entry_new)                                                                        \
    each(archive_entry_pathname)                                                                   \
    each(archive_entry_pathname_utf8)                                                              \
    each(archive_entry_set_filetype)                                                               \
    each(archive_entry_set_pathname)                                                               \
    each(archive_entry_set_perm)                                                                   \
    each(archive_entry_set_size)                                                                   \
    each(archive_entry_size)                                                                       \
    each(archive_entry_size_is_set)                                                                \
    each(archive_error_string)                                                                     \
    each(archive_format_name)                                                                      \
    each(archive_read_data)                                                                        \
    each(archive_read_free)                                                                        \
    each(archive_read_new)                                                                         \
    each(archive_read_next_header)                                                                 \
    each(archive_read_open_fd)                                                                     \
    each(archive_read_open_filename)                                                               \
    each(archive_read_open_memory)                                                                 \
    each(archive_read_set_format_option)                                                           \
    each(archive_read_support_filter_bzip2)                                                        \
    each(archive_read_support_filter_gzip)                                                         \
    each(archive_read_support_filter_xz)                                                           \
    each(archive_read_support_filter_zstd)                                                         \
    each(archive_read_support_format_tar)                                                          \
    each(archive_read_support_format_zip_seekable)                                                 \
    each(archive_read_support_format_zip_streamable)                                               \
    each(archive_write_add_filter_zstd)                                                            \
    each(archive_write_close)                                                                      \
    each(archive_write_data)                                                                       \
    each(archive_write_free)                                                                       \
    each(archive_write_header)                                                                     \
    each(archive_write_new)                                                                        \
    each(archive_write_open_fd)                                                                    \
    each(archive_write_set_bytes_in_last_block)                                                    \
    each(archive_write_set_bytes_per_block)                                                        \
    each(archive_write_set_filter_option)                                                          \
    each(archive_write_set_format_option)                                                          \
    each(archive_write_set_format_ustar)                                                           \
    each(archive_write_set_format_zip)
/* clang-format on */

/** Its functions, under their own names. */
typedef struct archive_library {
    ARCHIVE_FUNCTIONS(LIBRARY_MEMBER)
} archive_library;

osb_status archive_library_open(archive_library *archive, osb_error *error) OSB_MUST_CHECK;
