#pragma once
/** Path names as text. Nothing here touches the disk. */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum {
    PATH_SIZE = 4096
};

/** "folder/name", or OSB_ERR_USAGE when it does not fit PATH_SIZE. */
osb_status path_join(char target[PATH_SIZE], const char *folder, const char *name,
                     osb_error *error) OSB_MUST_CHECK;

/** What stands behind the last slash; the whole path when there is none. */
const char *path_name(const char *path);

/** The folder that holds `path`: "." where none is named. */
void path_folder(const char *path, char target[PATH_SIZE]);

/**
 * Whether a name from outside is safe as one file name: not empty, not "." or "..", no slash, no
 * backslash, no control byte, at most 200 bytes.
 */
bool path_is_plain_name(const char *name);
