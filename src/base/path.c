/*
 * Path names as text: joining, splitting, and the check of names that come from outside.
 *
 * Touches no disk. Invariant: a joined path is complete or an error, never cut.
 */
#include "base/path.h"

#include <string.h>

#include "base/text.h"

osb_status path_join(char target[PATH_SIZE], const char *folder, const char *name, osb_error *error)
{
    const char *slash = *folder && !text_ends_with(folder, "/") ? "/" : "";
    if (!text_format(target, PATH_SIZE, "%s%s%s", folder, slash, name))
        return osb_fail(error, OSB_ERR_USAGE, name, "use a shorter path", "path is too long");
    return OSB_OK;
}

const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void path_folder(const char *path, char target[PATH_SIZE])
{
    text_copy(target, PATH_SIZE, path);
    char *slash = strrchr(target, '/');
    if (!slash)
        text_copy(target, PATH_SIZE, ".");
    else if (slash == target)
        target[1] = '\0';
    else
        *slash = '\0';
}

bool path_is_plain_name(const char *name)
{
    size_t size = strnlen(name, 201);
    if (size == 0 || size > 200 || text_equal(name, ".") || text_equal(name, ".."))
        return false;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c < 0x20 || c == 0x7f || c == '/' || c == '\\')
            return false;
    }
    return true;
}
