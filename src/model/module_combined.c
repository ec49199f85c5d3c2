/*
 * Splits and joins combined files.
 *
 * Does not judge whether a board would take the modules together. Invariant: a module's place is
 * decided by the extents of those before it, never by searching, and every module closes by its own
 * CRC-32 (binary-version-reader lib/moduleEncoding.js reads the same).
 */
#include "model/module_combined.h"

#include "base/text.h"
#include "model/module_parts.h"

static osb_status name_the_part(osb_error *error, size_t number, osb_status status)
{
    char message[sizeof error->message];
    if (!error)
        return status;
    text_copy(message, sizeof message, error->message);
    text_format(error->message, sizeof error->message, "module %zu in it: %s", number, message);
    return status;
}

/** Parses the next module of a file, of which some were read already. */
static osb_status parse_next(span rest, const char *name, size_t number, module *parsed,
                             osb_error *error)
{
    if (number > 1 && !rest.size)
        return osb_fail(error, OSB_ERR_INTEGRITY, name, "get the whole file again",
                        "module %zu in it says that another one follows, but the file ends",
                        number - 1);
    if (number > MODULE_COMBINED_MAX)
        return osb_fail(error, OSB_ERR_REFUSED, name, "check that this is the file you mean",
                        "more than %d modules in one file", MODULE_COMBINED_MAX);
    osb_status status = module_parse(rest, name, parsed, error);
    if (status == OSB_OK || number == 1)
        return status;
    return name_the_part(error, number, OSB_ERR_INTEGRITY);
}

osb_status module_split(span file, const char *name, arena *memory, const module **modules,
                        size_t *count, osb_error *error)
{
    BUF_OWNED parts = buf_make(MODULE_COMBINED_MAX * sizeof(module));
    module parsed = {0};
    size_t offset = 0, number = 0;
    do {
        TRY(parse_next(span_slice(file, offset, file.size), name, ++number, &parsed, error));
        offset += parsed.image.size;
        if (parsed.flags & MODULE_COMBINED)
            parsed.file = parsed.image;
        buf_append(&parts, (span){(const uint8_t *)&parsed, sizeof parsed});
    } while (parsed.flags & MODULE_COMBINED);
    TRY(buf_check(&parts, name, error));
    *modules = arena_copy(memory, parts.data, parts.size);
    *count = number;
    return *modules ? OSB_OK : osb_fail_memory(error);
}

static osb_status write_with_flags(const module *parsed, const char *name, uint8_t flags, buf *file,
                                   osb_error *error)
{
    if (flags == parsed->flags) {
        buf_append(file, parsed->image);
        return buf_check(file, name, error);
    }
    module_parts parts;
    TRY(module_take_apart(parsed, name, &parts, error));
    parts.flags = flags;
    return module_assemble(&parts, file, error);
}

osb_status module_write_single(const module *parsed, const char *name, buf *file, osb_error *error)
{
    return write_with_flags(parsed, name, parsed->flags & (uint8_t)~MODULE_COMBINED, file, error);
}

osb_status module_combine(const module *modules, size_t count, buf *file, osb_error *error)
{
    if (!count || count > MODULE_COMBINED_MAX)
        return osb_fail(error, OSB_ERR_USAGE, "combined file", "choose from 1 to 16 modules",
                        "%zu modules cannot be combined", count);
    for (size_t i = 0; i < count; i++) {
        char slot[MODULE_SLOT_TEXT];
        bool last = i + 1 == count;
        uint8_t others = modules[i].flags & (uint8_t)~MODULE_COMBINED;
        slot_text(modules[i].slot, slot);
        TRY(write_with_flags(&modules[i], slot, last ? others : others | MODULE_COMBINED, file,
                             error));
    }
    return OSB_OK;
}
