#pragma once
/** Whole files and folders: bounded reads, atomic writes, sorted listings. */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

/** Closes a descriptor that may be -1. */
void file_close(const int *descriptor);
#define FD_OWNED __attribute__((cleanup(file_close))) int

bool file_exists(const char *path);
bool folder_exists(const char *path);

/** Appends the whole file to `content`; OSB_ERR_REFUSED when it is larger than that may hold. */
osb_status file_read(const char *path, buf *content, osb_error *error) OSB_MUST_CHECK;

/**
 * Writes a file so that `path` holds either the old or the whole new content, even after a power
 * cut: temporary file beside it, fsync, rename, fsync of the folder. `mode` as in chmod.
 */
osb_status file_write_atomic(const char *path, span content, mode_t mode,
                             osb_error *error) OSB_MUST_CHECK;

/**
 * Writes a file that is not there yet; OSB_ERR_REFUSED when it is. Nothing is left behind when it
 * cannot be written. `mode` as in chmod.
 */
osb_status file_write_new(const char *path, span content, mode_t mode,
                          osb_error *error) OSB_MUST_CHECK;

/** Writes all of `content` to an open file. `path` is for the error only. */
osb_status file_write_all(int descriptor, span content, const char *path,
                          osb_error *error) OSB_MUST_CHECK;

/** Makes a folder and those above it, to last; fine when it is there. */
osb_status folder_make(const char *path, osb_error *error) OSB_MUST_CHECK;

/** fsync of a folder, so that a rename in it survives a power cut. */
osb_status folder_sync(const char *path, osb_error *error) OSB_MUST_CHECK;

/** The names in a folder (no "." files), sorted by bytes. Shape: `*count` strings in `memory`. */
osb_status folder_list(const char *path, arena *memory, const char *const **names, size_t *count,
                       osb_error *error) OSB_MUST_CHECK;
