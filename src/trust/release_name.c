/*
 * Reading the names of release files.
 *
 * Looks at names only. Invariant: a name is understood as a whole or not at all.
 */
#include "trust/release_name.h"

#include <string.h>

#include "base/text.h"

static const char extension[] = ".bin";

/** Copies [begin, end); false when it is empty or does not fit. */
static bool copy_part(char *target, size_t capacity, const char *begin, const char *end)
{
    size_t size = (size_t)(end - begin);
    if (size == 0 || size >= capacity)
        return false;
    memcpy(target, begin, size);
    target[size] = '\0';
    return true;
}

bool release_name_parse(const char *file_name, release_name *name)
{
    *name = (release_name){0};
    const char *dash = strchr(file_name, '-');
    const char *at = strchr(file_name, '@');
    if (!dash || !at || at < dash || !text_ends_with(at, extension))
        return false;
    const char *end = file_name + strlen(file_name) - strlen(extension);
    const char *plus = strchr(at, '+');
    if (plus && !copy_part(name->build, sizeof name->build, plus + 1, end))
        return false;
    return copy_part(name->platform, sizeof name->platform, file_name, dash) &&
           copy_part(name->part, sizeof name->part, dash + 1, at) &&
           copy_part(name->version, sizeof name->version, at + 1, plus ? plus : end);
}

bool release_name_is_for_boards(const release_name *name)
{
    return !*name->build || text_equal(name->build, "lto");
}

const platform_slot *release_name_slot(const platform *board, const char *part)
{
    for (size_t i = 0; i < board->slot_count; i++)
        if (text_equal(board->slots[i].name, part))
            return &board->slots[i];
    return NULL;
}
