#pragma once
/** From the words of a user to the files that they name. Private to osbundle*.c. */
#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "model/bundle.h"

/** One file to look at, or a word that leads to none. */
typedef struct named_file {
    size_t argument; /**< which of the words it was found by */
    const char *path;
    bool inside;              /**< found in a folder that was named */
    const osb_error *problem; /**< why there is nothing to look at; NULL: there is */
} named_file;

typedef struct file_list {
    const named_file *items;
    size_t count;
} file_list;

/** Whether a file that turned out to be no module just lies in a folder, and is not called one. */
bool file_is_stray(const char *path, bool inside, osb_status status);

/**
 * Every word that is no folder, and in its place every regular file below each word that is one,
 * sorted; hidden files and linked folders are left out. What cannot be listed becomes a problem in
 * its place, so that it hides nothing else.
 * @param memory keeps the list and its paths
 */
osb_status files_find(const char *const *words, size_t count, arena *memory, file_list *found,
                      osb_error *error) OSB_MUST_CHECK;

/**
 * Reads a file that should be a module. What is larger than `content` may hold is none:
 * OSB_ERR_NOT_A_MODULE.
 */
osb_status files_read(const char *path, buf *content, osb_error *error) OSB_MUST_CHECK;

/** Whether the bytes begin as a .zip does. */
bool file_is_zip(span file);

/** Unpacks an application bundle into `memory`. Its errors are those of archive and bundle. */
osb_status files_open_bundle(span file, const char *path, arena *memory, bundle *opened,
                             osb_error *error) OSB_MUST_CHECK;
